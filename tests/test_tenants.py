# publik_socialmedia - private messages of social networks as w.c.s. demands
# Copyright (C) 2026  publik_socialmedia contributors
#
# This program is free software: you can redistribute it and/or modify it
# under the terms of the GNU Affero General Public License as published
# by the Free Software Foundation, either version 3 of the License, or
# (at your option) any later version.
#
# This program is distributed in the hope that it will be useful,
# but WITHOUT ANY WARRANTY; without even the implied warranty of
# MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the
# GNU Affero General Public License for more details.
#
# You should have received a copy of the GNU Affero General Public License
# along with this program.  If not, see <http://www.gnu.org/licenses/>.

"""The suite of a brick with tenants (``tests/tenants``), in a process and with settings of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.timeout(1200)
def test_the_suite_of_tenants():
    """Its report is printed, whatever it is."""
    command = [sys.executable, '-m', 'pytest', 'tests/tenants', '--ds=tests.tenants.settings']
    command += ['-v', '-rA', '-p', 'no:xdist', '-p', 'no:cacheprovider', '--timeout=300']
    alone = {name: value for name, value in os.environ.items() if not name.startswith('PYTEST_')}
    done = subprocess.run(command, cwd=ROOT, env=alone, capture_output=True, text=True, check=False)
    print(done.stdout[-20_000:], done.stderr[-5_000:])  # noqa: T201
    assert done.returncode == 0
