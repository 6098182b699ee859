"""The policy author's workbench: what policies permit, why they decided, what a change would do."""
