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

"""R40: each end of an installation is said in French; the commands tell it to people and to programs."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from demo.wcs_standin import StandIn
from publik_socialmedia.wcs import bundle, installation
from publik_socialmedia.wcs.client import Client
from publik_socialmedia.wcs.model import Job
from tests.wcs.target import standin_target


@pytest.fixture
def client(standin: StandIn, settings: Any) -> Client:
    settings.PUBLIK_SOCIALMEDIA_WCS = {'default': standin.settings}
    return standin_target(standin).client


def failure(client: Client, role: str = '') -> str:
    with pytest.raises(installation.InstallationFailed) as failed:
        installation.install(client, role)
    return ' '.join(str(failed.value).split())  # whatever the spaces


def test_each_failure_is_said_in_french(client: Client, standin: StandIn) -> None:
    assert 'secret' in failure(Client(replace(client.site, secret='faux')))
    assert 'secret' in failure(Client(replace(client.site, orig='inconnu.example.org')))
    standin.wcs.access.clock_offset = 3600
    assert 'horloges' in failure(client)
    standin.wcs.access.clock_offset = 0
    standin.faults.down_for(60)
    assert failure(client) == f'w.c.s. ne répond pas à l’adresse {standin.url} : réessayez plus tard.'
    standin.faults.down_for(0)
    assert failure(client, 'absent') == (
        'w.c.s. ne connaît pas de rôle « absent ». Créez-le d’abord, ou choisissez parmi : '
        'agents-reseaux-sociaux, autre-service.'
    )


def test_a_job_that_fails_gives_its_label(client: Client, standin: StandIn) -> None:
    """What w.c.s. says when the identity provider manages the roles and one is missing."""
    standin.wcs.import_failure = 'Référence à un rôle inconnu (Rôles inconnus: Agents)'
    assert failure(client) == (
        'w.c.s. n’a pas pu importer le formulaire et le workflow : Référence à un rôle inconnu (Rôles '
        'inconnus: Agents). Créez le rôle manquant dans Publik, attendez son déploiement, puis réessayez.'
    )
    standin.wcs.import_failure = 'Erreur'
    assert failure(client).endswith('workflow : Erreur')


def test_a_job_that_does_not_end(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Client, 'import_bundle', lambda self, tar: Job(False, 'running', '1/13', ''))
    assert 'deux minutes' in failure(client)


def test_the_role_is_in_the_form_only(client: Client) -> None:
    with tarfile.open(fileobj=io.BytesIO(bundle.build('1', 'accueil'))) as tar:
        named = [name for name in tar.getnames() if b'accueil' in tar.extractfile(name).read()]
    assert named == [f'forms/{bundle.FORM}']


def test_the_command_installs_and_says_what_is_left(client: Client, standin: StandIn) -> None:
    out = io.StringIO()
    call_command('socialmedia_install_wcs', stdout=out)
    assert out.getvalue().startswith('Le formulaire et le workflow sont installés dans Démarches, version ')
    assert out.getvalue().count('\n') == 1
    standin.wcs.site.functions.clear()
    out = io.StringIO()
    with pytest.raises(CommandError) as left:
        call_command('socialmedia_install_wcs', stdout=out)
    assert left.value.returncode == 1
    assert 'aucun agent ne voit les demandes' in out.getvalue()


@pytest.mark.parametrize('arguments', [['--site', 'absent'], ['--role', 'absent']])
def test_the_command_fails_for_programs_too(client: Client, arguments: list[str]) -> None:
    with pytest.raises(CommandError) as failed:
        call_command('socialmedia_install_wcs', *arguments)
    assert failed.value.returncode == 2


def test_the_bundle_is_written_for_those_who_import_by_hand(tmp_path: Path) -> None:
    out = io.StringIO()
    call_command('socialmedia_bundle', str(tmp_path / 'b.tar'), stdout=out)
    assert 'b.tar écrit, version ' in out.getvalue()
    with tarfile.open(tmp_path / 'b.tar') as tar:
        manifest = json.loads(tar.extractfile('manifest.json').read())
    assert manifest['version_number'] == installation.version()
    with pytest.raises(CommandError, match='nowhere'):
        call_command('socialmedia_bundle', str(tmp_path / 'nowhere' / 'b.tar'))
