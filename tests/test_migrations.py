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

"""Migrations of a site that already has messages."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

APP = 'publik_socialmedia'


@pytest.mark.django_db(transaction=True)
def test_demands_that_were_there_before_get_a_token_each():
    executor = MigrationExecutor(connection)
    old = executor.migrate([(APP, '0001_initial')]).apps
    try:
        account = old.get_model(APP, 'Account').objects.create(network='exemple', credentials={})
        for number in range(3):
            contact = old.get_model(APP, 'Contact').objects.create(account=account)
            conversation = old.get_model(APP, 'Conversation').objects.create(account=account, contact=contact)
            old.get_model(APP, 'Demand').objects.create(
                account=account,
                conversation=conversation,
                key=str(number),
                wcs_site='default',
                form='message',
                number=str(number),
                state='open',
            )
        executor.loader.build_graph()
        new = executor.migrate([(APP, '0002_agents')]).apps
        tokens = set(new.get_model(APP, 'Demand').objects.values_list('token', flat=True))
        assert len(tokens) == 3
        assert all(len(token) >= 32 for token in tokens)
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
