"""Recipes: steps done on one image, written so that they can be repeated on many."""
