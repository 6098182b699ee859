"""Policy sets and the engines that decide by them."""
