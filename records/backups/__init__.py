"""Backups: the whole record as files that either database takes back, and that can be checked without one."""
