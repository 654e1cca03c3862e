# make demo [ARGS=--once]   the demonstration, everything set up by itself
# make test                 the whole suite, with Django 4.2 then 5.2, on a private PostgreSQL
# make lint                 ruff, mypy, check-manifest
# make bench                ratios measured on this machine
# make docs                 pages that are made from the code
# make docs-html            the site of the documentation, with its pictures, in build/docs/html
# make deb                  the Debian package of the last commit, in dist/; installs nothing
# make deb-test             as root: the package built, installed, used, upgraded, removed in throw-away Debians
#                           (DEB_TEST_SUITE=trixie: that one instead of bookworm)
# make venv                 only the virtual environment, in .venv
# make catalogue            new texts into the catalogues of translations, to be translated there
#
# DATABASE_URL=postgresql://… uses that server instead of a private one.

VENV := .venv
VENV52 := .venv52
VENVDOCS := .venv-docs
PYTHON ?= python3
ARGS ?=
WORKERS ?= 2
DEB_TEST_SUITE ?= bookworm

PO := $(wildcard publik_socialmedia/locale/*/LC_MESSAGES/*.po)
MO := $(PO:.po=.mo)

.PHONY: venv messages catalogue test test42 test52 lint format demo bench docs docs-html deb deb-test clean

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
# The pictures of the documentation are taken by docs-html, whose tests they are.
test42: $(VENV)/.stamp $(VENVDOCS)/.stamp messages
	TEST_POSTGRES=16 $(VENV)/bin/python -m pytest -n $(WORKERS) --ignore-glob='*_pictures.py' $(ARGS)

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
	$(VENV)/bin/python -m docs.manpages

$(VENVDOCS)/.stamp: docs/requirements.txt | $(VENV)/.stamp
	$(PYTHON) -m venv --clear $(VENVDOCS)
	$(VENVDOCS)/bin/python -m pip install -qq --disable-pip-version-check -r docs/requirements.txt
	touch $@

# Pictures are taken by the tests, in a browser; without one, pages say so where a picture would be.
docs-html: $(VENV)/.stamp $(VENVDOCS)/.stamp messages
	rm -rf build/docs
	DOCS_PICTURES=build/docs/pictures $(VENV)/bin/python -m pytest -q tests/browser/test_pictures.py tests/wcs/test_agent_pictures.py
	$(VENV)/bin/python -m docs.site build/docs/source build/docs/pictures
	$(VENVDOCS)/bin/python -m sphinx -q -W --keep-going -b html -c docs build/docs/source build/docs/html

deb:
	@.ci/deb dist

# status 77: this machine cannot do it, and says why
deb-test: $(VENV)/.stamp
	@$(VENV)/bin/python -m tests.packaging.throwaway --suite $(DEB_TEST_SUITE) $(ARGS) || test $$? = 77

clean:
	rm -rf $(VENV) $(VENV52) $(VENVDOCS) build dist *.egg-info demo/var bench/var tests/var $(MO)
