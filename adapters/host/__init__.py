"""The host of all adapters: bounds what registers do, checks what they give, repeats what may be repeated."""
