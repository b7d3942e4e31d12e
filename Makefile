# make run | test | test-faults | lint | bench | pictures. What each does: CONTRIBUTING.md

PYTHON ?= python3
BIN := .venv/bin
ARGS ?= tests

.PHONY: run test test-faults lint bench pictures clean
.DELETE_ON_ERROR:

# The kernel ends the portal with make, however make ends
run: .venv/stamp
	@exec setpriv --pdeathsig TERM -- $(BIN)/python -m wmaportal.local.run

test: .venv/stamp
	$(BIN)/pytest -n auto --dist worksteal --ignore tests/faults $(ARGS)

test-faults: .venv/stamp
	$(BIN)/pytest tests/faults

lint: .venv/stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	find . -path './.venv' -prune -o -path './var' -prune -o -path '*/templates/*.html' -print0 \
		| xargs -0 -r $(BIN)/djade --target-version 5.2 --check
	$(BIN)/lint-imports
	$(PRODUCTION) $(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

bench: .venv/stamp
	$(BIN)/python -m bench $(ONLY)

pictures: .venv/stamp
	$(BIN)/python -m bench.pictures

clean:
	rm -rf .venv var/static var/test var/browsers var/browser-home

# Settings as in production, for the checks; nothing listens there and nothing is sent
PRODUCTION = env -u LOCAL_MODE -u DEBUG SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') \
	DATABASE_URL=postgresql://portal@127.0.0.1:9/portal REDIS_URL=redis://127.0.0.1:9/0 \
	EMAIL_URL=smtp://127.0.0.1:9 ALLOWED_HOSTS=portal.example.org

# Made anew where requirements.txt changed; without a network nothing happens here. The lock is for
# two makes at once.
.venv/stamp: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "The portal needs Python 3.11 or later. Name one: PYTHON=python3.11 make ..."; exit 1; }
	@mkdir -p .venv
	@flock .venv/lock sh -ec '[ .venv/stamp -nt requirements.txt ] && exit; \
		echo "Installing the packages of requirements.txt into .venv ..."; \
		$(PYTHON) -m venv .venv; \
		$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt; \
		touch .venv/stamp'
