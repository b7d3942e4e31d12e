"""The pages of the library, comment rounds and good practices, one file a subject."""
