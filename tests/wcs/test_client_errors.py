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

"""R21-R23: what each answer of w.c.s., in any language, or of what is in between makes the client raise."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from publik_socialmedia.errors import (
    ConfigurationError,
    OutcomeUnknown,
    PermanentError,
    SocialMediaError,
    TemporaryError,
)
from publik_socialmedia.http import Answer
from publik_socialmedia.wcs.client import (
    Client,
    Site,
    default_site,
    site_for,
    sites,
)
from publik_socialmedia.wcs.filenames import clean_filename, clean_files

SITE = Site('default', 'Démarches', 'https://demarches.example.org/', 'combo.example.org', 'the-secret')
SCHEMA = {'name': 'Message', 'disabled': False, 'fields': [], 'workflow': {}}


class Scripted:
    """Gives the answers prepared for each method; keeps the calls."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self.answers = list(answers)
        self.calls: list[tuple[str, str]] = []

    def request(self, method: str, url: str, **options: Any) -> Answer:
        self.calls.append((method, url))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def answer(status: int, content: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Answer(status, headers or {}, body, '')


def refused(sentence: str | None, code: str = 'access-denied', status: int = 403) -> Answer:
    return answer(status, {'err': 1, 'err_class': '…', 'err_code': code, 'err_desc': sentence})


def client(*answers: Answer | Exception, site: Site = SITE) -> tuple[Client, Scripted]:
    http = Scripted(*answers)
    made = Client(site, http, timeout=1)
    made.forget('form')
    return made, http


def raised(*answers: Answer | Exception, hook: bool = False) -> SocialMediaError:
    made, http = client(*answers)
    with pytest.raises(SocialMediaError) as error:
        if hook:
            made.hook('form', '12', 'message_recu', {'text': 'confidentiel'})
        else:
            made.submit('form', {'message': 'confidentiel'}, {})
    assert http.answers == []
    assert 'confidentiel' not in str(error.value) and 'the-secret' not in str(error.value)
    return error.value


@pytest.mark.parametrize(
    ('sentence', 'kind', 'reason'),
    [
        ('Signature invalide.', ConfigurationError, 'wcs_secret'),
        ('Invalid signature.', ConfigurationError, 'wcs_secret'),
        ('Paramètre «\xa0orig\xa0» invalide.', ConfigurationError, 'wcs_secret'),
        ('Invalid orig.', ConfigurationError, 'wcs_secret'),
        ('timestamp is more than 30 seconds in the past: 0:01:00', ConfigurationError, 'wcs_clock'),
        ('Nonce déjà utilisé.', OutcomeUnknown, 'outcome_unknown'),
        ('Nonce already used.', OutcomeUnknown, 'outcome_unknown'),
        ('Formulaire désactivé.', ConfigurationError, 'wcs_form_disabled'),
        ('Disabled form.', ConfigurationError, 'wcs_form_disabled'),
        ('Actions en cours de traitement sur ce formulaire.', TemporaryError, 'wcs_busy'),
        ('Formdata currently processing actions.', TemporaryError, 'wcs_busy'),
        ('Rôles insuffisants.', ConfigurationError, 'wcs_right'),
        ('Unsufficient roles.', ConfigurationError, 'wcs_right'),
        ('Utilisateur non authentifié.', ConfigurationError, 'wcs_right'),
        ('L’utilisateur n’est pas autorisé à faire une saisie backoffice.', ConfigurationError, 'wcs_right'),
        ('Un seul formulaire par utilisateur est autorisé.', ConfigurationError, 'wcs_refused'),
    ],
)
@pytest.mark.parametrize('hook', [False, True])
def test_r23_known_sentences(sentence: str, kind: type[SocialMediaError], reason: str, hook: bool) -> None:
    error = raised(refused(sentence), hook=hook)
    assert type(error) is kind
    assert error.reason == reason


@pytest.mark.parametrize('code', ['no-backoffice-submission-role', 'user-not-allowed-backoffice-submission'])
def test_r23_codes_count_whatever_the_language(code: str) -> None:
    assert raised(refused('Kein Zugriff', code)).reason == 'wcs_right'


def test_r23_a_refusal_in_an_unknown_language_is_found_out_by_the_schema() -> None:
    german = refused('Ungültige Signatur')
    assert raised(german, german).reason == 'wcs_refused'
    assert raised(german, answer(200, SCHEMA)).reason == 'wcs_refused'
    assert raised(german, answer(200, SCHEMA | {'disabled': True})).reason == 'wcs_form_disabled'
    assert raised(german, refused(None, 'not-found', 404)).reason == 'wcs_form_unknown'
    assert raised(german, answer(503, b'Error connecting to database')).reason == 'wcs_away'


def test_r22_a_hook_refused_in_an_unknown_language_is_taken_as_busy_if_the_signature_is_good() -> None:
    german = refused('Aktionen laufen')
    busy = raised(german, answer(200, {'err': 0, 'data': []}), hook=True)
    assert (type(busy), busy.reason) == (TemporaryError, 'wcs_busy')
    assert raised(german, german, hook=True).reason == 'wcs_refused'


@pytest.mark.parametrize(
    ('given', 'kind', 'reason'),
    [
        (answer(500, {'err': 1}), OutcomeUnknown, 'wcs_crashed'),
        (answer(502, b'<html>'), OutcomeUnknown, 'wcs_away'),
        (answer(504, b'<html>'), OutcomeUnknown, 'wcs_away'),
        (answer(503, b'Error connecting to database'), TemporaryError, 'wcs_away'),
        (answer(503, b'<html>maintenance'), TemporaryError, 'wcs_away'),
        (answer(429, b''), TemporaryError, 'wcs_away'),
        (answer(413, b'<html>'), PermanentError, 'wcs_too_large'),
        (refused(None, 'invalid-request', 400), PermanentError, 'wcs_refused'),
        (answer(404, b'<html>unknown host'), ConfigurationError, 'wcs_url'),
        (answer(301, b'', {'Location': 'https://x/'}), ConfigurationError, 'wcs_url'),
        (answer(200, b'<html>not w.c.s.'), OutcomeUnknown, 'wcs_crashed'),
        (answer(200, b''), OutcomeUnknown, 'wcs_crashed'),
        (answer(200, [1]), OutcomeUnknown, 'wcs_crashed'),
        (answer(200, {'err': 1}), OutcomeUnknown, 'wcs_crashed'),
        (answer(200, {'err': 0, 'data': []}), OutcomeUnknown, 'wcs_crashed'),
        (TemporaryError('connection'), TemporaryError, 'connection'),
        (OutcomeUnknown(), OutcomeUnknown, 'outcome_unknown'),
    ],
)
@pytest.mark.parametrize('hook', [False, True])
def test_r21_other_answers_to_a_post(given: Any, kind: type, reason: str, hook: bool) -> None:
    error = raised(given, hook=hook)
    assert (type(error), error.reason) == (kind, reason)


@pytest.mark.parametrize('status', [500, 502, 503, 504])
def test_an_error_of_a_reading_call_is_only_temporary(status: int) -> None:
    made, _ = client(answer(status, {'err': 1}))
    with pytest.raises(TemporaryError) as error:
        made.find('form', 'cle', 'x')
    assert not isinstance(error.value, OutcomeUnknown)


def test_an_answer_too_big_for_its_files_is_asked_for_without_them() -> None:
    made, http = client(TemporaryError('connection', code='too_big'), answer(200, [{'id': '12'}]))
    (found,) = made.find('form', 'cle', 'x')
    assert (found.id, found.workflow_data) == ('12', {})
    (_, first), (_, second) = http.calls
    assert 'include-workflow-data=on' in first and 'include-workflow-data' not in second
    made, _ = client(TemporaryError('connection', code='too_big'))
    with pytest.raises(TemporaryError):
        made.find('form', 'cle', 'x', payloads=False)


def test_the_wait_asked_for_is_kept() -> None:
    error = raised(answer(503, b'', {'retry-after': '120'}))
    assert isinstance(error, TemporaryError) and error.retry_after == 120


def test_r21_each_try_is_signed_anew() -> None:
    made, http = client(answer(503, b''), answer(503, b''))
    for _ in range(2):
        with pytest.raises(TemporaryError):
            made.submit('form', {}, {})
    (_, first), (_, second) = http.calls
    assert first != second
    assert first.partition('?')[0] == 'https://demarches.example.org/api/formdefs/form/submit'


def test_names_in_addresses_are_quoted() -> None:
    made, http = client(answer(200, {'err': 0}))
    made.hook('a/../b', '1?x', 'h#y', {})
    assert http.calls[0][1].startswith(
        'https://demarches.example.org/api/forms/a%2F..%2Fb/1%3Fx/hooks/h%23y/?orig='
    )


def test_r24_file_names_cannot_be_markup() -> None:
    """w.c.s. writes the name of a file of the history without escaping it."""
    assert clean_filename('<img src=x onerror="alert(1)">.png') == '_img src=x onerror=_alert(1)_.png'
    assert clean_filename('../../etc/passwd') == '_.._etc_passwd'
    assert clean_filename('a\u202egnp.exe') == 'a_gnp.exe'
    assert clean_filename('a\x00b\ud83d.jpg') == 'a_b_.jpg'
    assert clean_filename('…') == '…'
    assert clean_filename(' .. ') == clean_filename('') == 'fichier'
    long = clean_filename('n' * 3000 + '.jpeg')
    assert len(long) == 100 and long.endswith('.jpeg')
    assert len(clean_filename('n' * 3000)) == 100


def test_files_are_marked_as_base64_wherever_they_are() -> None:
    file = {'filename': 'a<b.png', 'content_type': 'image/png', 'content': 'YQ=='}
    cleaned = {
        'filename': 'a_b.png',
        'content_type': 'image/png',
        'content': 'YQ==',
        'content_is_base64': True,
    }
    assert clean_files({'a': [{'b': file}], 'c': file, 'd': 'x', 'e': 1, 'f': (file,)}) == {
        'a': [{'b': cleaned}],
        'c': cleaned,
        'd': 'x',
        'e': 1,
        'f': [cleaned],
    }
    assert file['filename'] == 'a<b.png'


def test_sites_come_from_both_settings(settings: Any) -> None:
    settings.KNOWN_SERVICES = {
        'wcs': {
            'old': {'url': 'https://old.example.org', 'orig': 'combo', 'secret': 's1', 'secondary': True},
            'main': {
                'title': 'Démarches',
                'url': 'https://main.example.org/',
                'orig': 'combo',
                'secret': 's2',
            },
            'broken': {'url': 'https://broken.example.org/'},
        }
    }
    settings.PUBLIK_SOCIALMEDIA_WCS = {
        'extra': {'url': 'https://extra.example.org', 'orig': 'me', 'secret': 's3'}
    }
    assert list(sites()) == ['old', 'main', 'extra']
    main = Site('main', 'Démarches', 'https://main.example.org/', 'combo', 's2')
    # w.c.s. signs its calls with the name of its host
    assert default_site() == replace(main, callers=('main.example.org',))
    old = Site('old', 'old', 'https://old.example.org/', 'combo', 's1', secondary=True)
    assert sites()['old'] == replace(old, callers=('old.example.org',))
    assert site_for('extra').title == 'extra'
    assert site_for('') == default_site()
    assert 's2' not in repr(default_site())
    with pytest.raises(ConfigurationError) as error:
        site_for('inconnu')
    assert error.value.reason == 'wcs_site_unknown'
    settings.KNOWN_SERVICES = {}
    settings.PUBLIK_SOCIALMEDIA_WCS = {}
    with pytest.raises(ConfigurationError):
        default_site()


def test_two_sites_do_not_share_a_schema() -> None:
    other = replace(SITE, url='https://autre.example.org/')
    one, two = client(answer(200, SCHEMA)), client(answer(200, SCHEMA | {'name': 'Autre'}), site=other)
    assert one[0].schema('form').title == 'Message'
    assert two[0].schema('form').title == 'Autre'
    assert one[0].schema('form').title == 'Message'
    two[0].forget('form')
