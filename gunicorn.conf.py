"""gunicorn reads this file by itself. What differs between machines comes from the environment."""

import os

bind = os.environ.get("BIND") or "{}:{}".format(
    os.environ.get("HOST", "127.0.0.1"), os.environ.get("PORT", "8000")
)
# The pages wait for PostgreSQL more than they compute
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
timeout = 60  # seconds; longer work goes to Celery
graceful_timeout = 10  # seconds
keepalive = 5  # seconds
# As long as gunicorn allows: a query of 8,000 bytes gets the portal's own page, not gunicorn's
limit_request_line = 8190
loglevel = os.environ.get("WEB_LOG_LEVEL", "info")
# A worker tells the master that it lives by touching a file, which must not wait for a disk
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
# A socket in the home folder, the same for every portal of this user
control_socket_disable = True
