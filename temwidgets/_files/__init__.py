"""What `temwidgets.files` is made of: a small reader per kind of file, and the store of results."""
