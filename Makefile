# make demo [ARGS=--once]   the demonstration, everything set up by itself
# make test                 the whole suite, with Django 4.2 then 5.2, on a private PostgreSQL
# make lint                 ruff, mypy, check-manifest
# make bench                ratios measured on this machine
# make docs                 pages that are made from the code
# make venv                 only the virtual environment, in .venv
# make catalogue            new texts into the catalogues of translations, to be translated there
#
# DATABASE_URL=postgresql://… uses that server instead of a private one.

VENV := .venv
VENV52 := .venv52
PYTHON ?= python3
ARGS ?=
WORKERS ?= 2

PO := $(wildcard publik_socialmedia/locale/*/LC_MESSAGES/*.po)
MO := $(PO:.po=.mo)

.PHONY: venv messages catalogue test test42 test52 lint format demo bench docs clean

venv: $(VENV)/.stamp

$(VENV)/.stamp: tests/requirements.txt tests/requirements-lint.txt tests/frozen-django42.txt .ci/venv
	@.ci/venv $(VENV) tests/frozen-django42.txt $(PYTHON) tests/requirements.txt tests/requirements-lint.txt

$(VENV52)/.stamp: tests/requirements.txt tests/frozen-django52.txt .ci/venv
	@.ci/venv $(VENV52) tests/frozen-django52.txt newest tests/requirements.txt

messages: $(MO)

%.mo: %.po | $(VENV)/.stamp
	msgfmt --check-format -o $@ $<

# after a change of texts: what is new comes untranslated into the catalogues, what is gone leaves them
catalogue: $(VENV)/.stamp
	cd publik_socialmedia && ../$(VENV)/bin/python -m django makemessages --all --no-obsolete --add-location file

test: test42 test52

# Networks import no Django: their own tests run once, with 4.2; what uses them runs with both.
# PostgreSQL 16 here, 18 below: two of the versions that Publik's hosts run.
test42: $(VENV)/.stamp messages
	TEST_POSTGRES=16 $(VENV)/bin/python -m pytest -n $(WORKERS) $(ARGS)

test52: $(VENV)/.stamp $(VENV52)/.stamp messages
	TEST_POSTGRES=18 $(VENV52)/bin/python -m pytest -n $(WORKERS) -m 'not slow' --ignore=tests/networks $(ARGS)

lint: $(VENV)/.stamp
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/python -m mypy
	$(VENV)/bin/check-manifest --no-build-isolation

format: $(VENV)/.stamp
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

demo: $(VENV)/.stamp messages
	@$(VENV)/bin/python -m demo $(ARGS)

bench: $(VENV)/.stamp messages
	@$(VENV)/bin/python -m bench $(ARGS)

docs: $(VENV)/.stamp
	$(VENV)/bin/python -m docs.features

clean:
	rm -rf $(VENV) $(VENV52) build dist *.egg-info demo/var bench/var tests/var $(MO)
