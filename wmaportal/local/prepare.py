"""What must be done before the portal can serve: files, tables, demonstration data.

Run by `make run` as a process of its own, since the servers' addresses must be in the environment
before Django reads its settings. Progress goes to standard error, the demonstration sign-ins to
standard output.
"""

import io
import sys

import django
from django.core.management import call_command, get_commands


def main():
    django.setup()
    from django.contrib.auth import get_user_model
    from django.db import transaction

    call_command("collectstatic", interactive=False, verbosity=0, stdout=sys.stderr)
    call_command("migrate", interactive=False, verbosity=0, stdout=sys.stderr)
    if "loaddemo" not in get_commands():
        return
    if not get_user_model().objects.exists():
        print("Loading the demonstration data ...", file=sys.stderr)
        with transaction.atomic():  # all or nothing: killed half-way, the next run begins anew
            call_command("loaddemo", stdout=io.StringIO())  # the sign-ins are shown below
    call_command("loaddemo", signins=True)


if __name__ == "__main__":
    main()
