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

"""R23, R40: what an administrator has to mend in w.c.s. is found, each thing by its name."""

from __future__ import annotations

import io
import tarfile
from dataclasses import replace
from typing import Any
from unittest import mock

import pytest
from lxml import etree

from demo.wcs_standin import StandIn
from publik_socialmedia.errors import ConfigurationError
from publik_socialmedia.wcs import bundle
from publik_socialmedia.wcs.client import Client
from publik_socialmedia.wcs.inspection import Finding, inspect
from tests.wcs.target import standin_target


@pytest.fixture
def client(standin: StandIn) -> Client:
    return standin_target(standin).client


def altered(old: str, new: str) -> bytes:
    """Return our bundle with a change in all its elements."""
    source, target = io.BytesIO(bundle.build('1')), io.BytesIO()
    with tarfile.open(fileobj=source) as tar, tarfile.open(mode='w', fileobj=target) as changed:
        for member in tar:
            file = tar.extractfile(member)
            assert file is not None
            content = file.read().decode().replace(old, new).encode()
            member.size = len(content)
            changed.addfile(member, io.BytesIO(content))
    return target.getvalue()


def test_nothing_to_say_of_our_own_bundle(client: Client, standin: StandIn) -> None:
    assert inspect(client, standin.form) == []


def test_a_disabled_form_and_a_function_without_role(client: Client, standin: StandIn) -> None:
    standin.wcs.site.functions.clear()
    assert inspect(client, standin.form) == [Finding('wcs_function_unset', '_receiver')]
    standin.disable()
    assert inspect(client, standin.form) == [Finding('wcs_form_disabled')]


def test_a_renamed_key_and_a_missing_hook(client: Client, standin: StandIn) -> None:
    tar = altered('>cle<', '>clef<').replace(b'<identifier>etat_envoi<', b'<identifier>etat_envol<')
    assert client.import_bundle(tar).done
    assert inspect(client, standin.form) == [
        Finding('wcs_form_key', 'cle'),
        Finding('wcs_hook_unknown', 'etat_envoi'),
    ]


def test_hooks_open_to_anyone(client: Client, standin: StandIn) -> None:
    item = '<item role_id="_signed_calls">_signed_calls</item>'
    assert client.import_bundle(altered(item, '')).done
    assert inspect(client, standin.form) == [Finding('wcs_hook_open', name) for name in bundle.HOOKS]


def test_a_form_without_its_workflow(client: Client, standin: StandIn) -> None:
    standin.wcs.form = replace(standin.wcs.form, hooks={})
    assert Finding('wcs_workflow_unlinked', standin.wcs.form.workflow) in inspect(client, standin.form)


def test_a_status_renamed_there(client: Client, standin: StandIn) -> None:
    assert client.import_bundle(altered('<name>En cours<', '<name>Pris en charge<')).done
    assert inspect(client, standin.form) == [Finding('wcs_status_renamed', 'En cours')]


def test_a_workflow_of_an_older_version(client: Client, standin: StandIn) -> None:
    """An upgrade of the software leaves the one that w.c.s. has: the next import brings it up to date."""
    workflow = next(item for item in bundle.elements() if item.type == 'workflows')
    tree = etree.fromstring(workflow.xml)
    action = tree.find('global_actions/action')
    items = action.find('items')
    items.remove(items[-1])
    with mock.patch.object(bundle, 'elements', older_elements(etree.tostring(tree))):
        assert client.import_bundle(bundle.build('0.1')).done
    assert inspect(client, standin.form) == [Finding('wcs_workflow_differs', action.findtext('name'))]
    assert client.import_bundle(bundle.build('0.2')).done
    assert inspect(client, standin.form) == []


def older_elements(workflow: bytes) -> Any:
    elements = bundle.elements()
    older = [replace(item, xml=workflow) if item.type == 'workflows' else item for item in elements]
    return lambda role='': older


def test_a_role_that_opens_nothing(client: Client, standin: StandIn) -> None:
    standin.wcs.outside = {'agents-reseaux-sociaux'}
    assert inspect(client, standin.form) == [Finding('wcs_role_outside', 'Agents réseaux sociaux')]


def test_a_right_that_we_lack_leaves_nothing(client: Client, standin: StandIn) -> None:
    """An API access of another service signs well and may not submit."""
    other = Client(replace(client.site, orig='autre', secret='autre-key'))
    with pytest.raises(ConfigurationError) as error:
        other.check_submission(standin.form)
    assert error.value.reason == 'wcs_right'
    client.check_submission(standin.form)
    assert standin.demands() == []


def test_an_unknown_form_is_an_error(client: Client) -> None:
    with pytest.raises(ConfigurationError) as error:
        inspect(client, 'nexistepas')
    assert error.value.reason == 'wcs_form_unknown'
