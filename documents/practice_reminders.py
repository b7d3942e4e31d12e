def scan(now):
    return {}
