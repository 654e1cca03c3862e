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

"""A stand-in of w.c.s. for the tests and the demonstration.

It answers as a real w.c.s. was seen to answer, traps included: no idempotency, the row committed before the
workflow, simultaneous hooks lost, locks left by a crash, lax signatures. ``tests/wcs/test_contract.py`` holds
both to the same behaviour. It runs the workflow of our own bundle.
"""

from demo.wcs_standin.faults import Fault, Faults
from demo.wcs_standin.standin import ORIG, SECRET, StandIn

__all__ = ['ORIG', 'SECRET', 'Fault', 'Faults', 'StandIn']
