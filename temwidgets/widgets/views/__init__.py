"""Views draw products and brush the selection; they compute nothing."""
