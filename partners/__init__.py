"""The ground floor: people, organisations, countries, vocabulary, roles, permissions, files."""
