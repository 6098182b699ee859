"""The demo: the main job on generated registers, shown in a terminal."""
