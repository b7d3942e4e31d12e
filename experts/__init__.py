"""Who knows it: the Resource Persons List, its profiles, their confirmation and freshness."""
