"""The list comes in as a spreadsheet: read (`sheets`), understood (`values`), compared with what is
there (`plan`), shown, and only then written (`writing`). `runs` has the steps of an `ImportRun`.

Why not django-import-export: docs/decisions/0040-import-and-export.md.
"""
