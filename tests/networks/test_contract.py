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

"""The contract of a network, over real HTTP against its emulator: one suite, every network of the registry.

A folder without README, payloads or desk fails here. What each network has of its own is in its own tests.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from demo.emulators.graph_state import photo
from publik_socialmedia import networks
from publik_socialmedia.errors import (
    ConfigurationError,
    OutcomeUnknown,
    PermanentError,
    TemporaryError,
    WebhookRejected,
)
from publik_socialmedia.http import fetch_media
from publik_socialmedia.networks import model
from publik_socialmedia.networks.base import Event, Kind, Network, OutgoingFile, Request, Status, Thread
from publik_socialmedia.reasons import sentence
from publik_socialmedia.text import length
from tests.networks.contract import Desk, desk

FOLDER = Path(networks.__file__).parent
JPEG = photo().content
PHOTO = OutgoingFile(JPEG, 'photo.jpg', 'image/jpeg', 'Le lampadaire éteint')
ALL = list(networks.registry())


def able(*names: str) -> list[str]:
    """Networks whose capabilities promise all of these."""
    found = []
    for slug, network in networks.registry().items():
        if all(getattr(network.capabilities, name) for name in names):
            found.append(slug)
    return found


def told(status: Status) -> list[str]:
    return [slug for slug, network in networks.registry().items() if status in network.capabilities.receipts]


@pytest.fixture(params=ALL)
def here(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """Each network in turn; ``indirect`` narrows it to those that can do what is tested."""
    with desk(request.param) as found:
        yield found


def of(kind: Kind, events: list[Event]) -> list[Event]:
    return [event for event in events if event.kind is kind]


def some_networks(slugs: list[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize('here', slugs, indirect=True)


# -- the folder


@pytest.mark.parametrize('slug', ALL)
def test_the_folder_is_whole(slug: str):
    """Documentation in French with the date of its facts, payloads with their expected results."""
    readme = (FOLDER / slug / 'README.md').read_text()
    assert re.search(r'(?i)^#+ .*(limites|ce qui ne)', readme, re.MULTILINE), 'no chapter on limits'
    assert re.search(r'\b20\d\d\b', readme), 'facts without a date'
    payloads = list((FOLDER / slug / 'payloads').glob('*.json'))
    expected = json.loads((FOLDER / slug / 'payloads' / 'expected.json').read_text())
    assert len(payloads) > 10 and expected


@pytest.mark.parametrize('slug', ALL)
def test_what_it_declares_is_usable(slug: str):
    """R40: forms, documentation and tests are made from it."""
    network: Network = networks.get(slug)
    assert network.slug == slug and network.label
    for credential in network.credentials:
        assert re.fullmatch(r'[a-z][a-z0-9_]*', credential.name) and credential.label
        assert credential.help_text, credential.name
        assert credential.scope in ('account', 'endpoint')
    able_to = network.capabilities
    assert able_to.text_limit > 0 and able_to.text_unit in ('characters', 'utf8', 'utf16', 'graphemes')
    assert all('/' in pattern and size > 0 for pattern, size in able_to.files_out.items())
    assert all(re.fullmatch(r'(\*\.)?[a-z0-9.-]+', host) for host in network.media_hosts)


# -- webhooks


@some_networks(able('webhook'))
def test_the_handshake(here: Desk):
    """R1: the token is really compared."""
    request = here.handshake()
    if request is None:
        with pytest.raises(WebhookRejected):
            here.network.handshake(Request('GET', {}, {}), here.secrets)
        return
    assert here.network.handshake(request, here.secrets)
    wrong = here.handshake(right=False)
    if wrong is not None:
        with pytest.raises(WebhookRejected):
            here.network.handshake(wrong, here.secrets)
    for secrets in ({}, {name: [] for name in here.secrets}, {name: [''] for name in here.secrets}):
        with pytest.raises(WebhookRejected):
            here.network.handshake(request, secrets)


@some_networks(able('webhook'))
def test_signatures(here: Desk):
    """R1: good, altered, missing, forged, empty secret, and two valid secrets during a change."""
    here.writes()
    (request, *_others) = here.heard()
    verify = here.network.verify
    verify(request, here.secrets)
    rotated = {name: ['the newest one', *values] for name, values in here.secrets.items()}
    verify(request, rotated)
    bad = [here.forged(request), dataclasses.replace(request, headers={})]
    if here.signs_body:
        bad.append(dataclasses.replace(request, body=request.body + b' '))
    for wrong in bad:
        with pytest.raises(WebhookRejected) as caught:
            verify(wrong, here.secrets)
        assert caught.value.status == 403
    for secrets in ({}, {name: [] for name in here.secrets}, {name: [''] for name in here.secrets}):
        with pytest.raises(WebhookRejected):
            verify(request, secrets)
    proof = request.headers[here.PROOF]
    for altered in (proof[:-1], f'é{proof}', ''):
        with pytest.raises(WebhookRejected):
            verify(
                dataclasses.replace(request, headers={**request.headers, here.PROOF: altered}), here.secrets
            )


# -- receiving


def test_what_a_citizen_writes(here: Desk):
    """R3, R6: text, author and time."""
    here.news()
    external_id = here.writes('Bonjour, où est la mairie ? 🙂')
    (event,) = of(Kind.MESSAGE, here.news())
    assert (event.external_id, event.user, event.from_us) == (external_id, here.citizen, False)
    assert event.text == 'Bonjour, où est la mairie ? 🙂' and not event.unreadable
    assert event.account_id in ('', here.account.external_id)
    assert event.sent_at is not None and abs(event.sent_at - datetime.now(UTC)) < timedelta(hours=1)


def test_a_photograph(here: Desk):
    """R10: where it is, and how it is had; no secret in what is stored."""
    if not here.sends_files:
        pytest.skip('nobody can send a file on this network')
    here.news()
    here.writes('Voici', PHOTO)
    events = of(Kind.MESSAGE, here.news())
    (attachment,) = [found for event in events for found in event.attachments]
    assert attachment.kind == 'image'
    fetch = here.network.open_attachment(here.account, attachment, here.http)
    allowed = fetch.hosts or here.network.media_hosts
    token_for = urlsplit(fetch.url).netloc if fetch.headers else ''
    found = fetch_media(fetch.url, allowed, headers=fetch.headers, api_host=token_for)
    assert found.content == PHOTO.content
    secret = {c.name for c in here.network.credentials if c.secret} & set(here.account.credentials)
    for name in secret:  # R50: addresses are stored and logged
        assert here.account.credentials[name] not in f'{attachment!r}'


@some_networks(able('polling'))
def test_polling(here: Desk):
    """R17, R18: nothing old first; then what is new, once more with the older cursor; empty pages."""
    here.writes('avant de nous connecter')
    assert of(Kind.MESSAGE, here_polls(here)) == []
    before = here.cursor
    first = here.writes('un')
    for _ in range(2):  # what was read and could not be committed is read again
        here.cursor = before
        assert ids(here_polls(here)) == [first]
    second = here.writes('deux')
    assert second in ids(here_polls(here))  # what is read once more is recorded once
    for _ in range(2):
        assert set(ids(here_polls(here))) <= {first, second}
    if here.remembers:
        here.cursor = before
        assert {first, second} <= set(ids(here_polls(here)))
    json.dumps(here.cursor)


def here_polls(here: Desk) -> list[Event]:
    events: list[Event] = []
    for _ in range(20):
        page = here.network.poll(here.account, here.cursor, here.http)
        here.cursor = page.cursor
        events += here.read(page)
        if not page.more:
            return events
    raise AssertionError('the poll does not end')


def ids(events: list[Event]) -> list[str]:
    return [event.external_id for event in of(Kind.MESSAGE, events) if not event.from_us]


@some_networks(able('polling'))
def test_polling_that_is_refused(here: Desk):
    """R33: throttled as the network says; a dead token is a person's business; away is temporary."""
    here_polls(here)
    here.throttle()
    with pytest.raises(TemporaryError) as caught:
        here_polls(here)
    assert not isinstance(caught.value, ConfigurationError) and (caught.value.retry_after or 1) > 0
    here.fail('cut_before', '.')
    with pytest.raises(TemporaryError):
        here_polls(here)
    here_polls(here)
    here.kill_token()
    with pytest.raises(ConfigurationError) as dead:
        here_polls(here)
    assert sentence(dead.value.reason)


@some_networks(able('history'))
def test_history(here: Desk):
    """R17: what happened since that time is read again, page by page, under the ids of the webhook."""
    written = [here.writes(str(number)) for number in range(5)]
    found, cursor, more = list[str](), {}, True
    for _ in range(50):
        page = here.network.history(here.account, cursor, datetime.now(UTC) - timedelta(hours=2), here.http)
        found += ids(here.read(page))
        cursor, more = dict(page.cursor), page.more
        if not more:
            break
    assert not more and set(written) <= set(found)


# -- what happens to messages


def look(here: Desk, *messages: str) -> list[Event]:
    """What we learn by ourselves, and by looking again where the network tells nothing."""
    events = here.news()
    if here.network.capabilities.rereads:
        thread = Thread(here.citizen, messages)
        events += here.read(here.network.reread(here.account, [thread], here.http))
    return events


@some_networks(able('edits'))
def test_an_edit(here: Desk):
    """R13"""
    here.news()
    external_id = here.writes('Rue des Lila')
    look(here, external_id)
    here.edits(external_id, 'Rue des Lilas')
    (event, *_) = of(Kind.EDIT, look(here, external_id))
    assert (event.external_id, event.text, event.user) == (external_id, 'Rue des Lilas', here.citizen)


@some_networks(able('unsends'))
def test_a_message_taken_back(here: Desk):
    """R13"""
    here.news()
    external_id = here.writes('Oublions cela')
    look(here, external_id)
    here.takes_back(external_id)
    (event, *_) = of(Kind.UNSEND, look(here, external_id))
    assert event.external_id == external_id


@some_networks(ALL)
def test_an_answer_typed_elsewhere(here: Desk):
    """R11: it is ours, and for that citizen; never a citizen's message."""
    if not here.natives:
        pytest.skip('nobody can answer elsewhere, or the network does not tell')
    here.news()
    asked = here.writes()
    look(here, asked)
    here.answers_elsewhere('Passez lundi.')
    (event,) = [event for event in of(Kind.MESSAGE, look(here, asked)) if event.from_us]
    assert (event.text, event.user) == ('Passez lundi.', here.citizen)


@some_networks(told(Status.DELIVERED))
def test_a_receipt_of_delivery(here: Desk):
    """R12"""
    here.writes()
    sent = here.send(here.answer())
    here.news()
    here.receives(sent.external_id)
    assert Status.DELIVERED in statuses(here, sent.external_id)


@some_networks(told(Status.READ))
def test_a_receipt_of_reading(here: Desk):
    """R12"""
    here.writes()
    sent = here.send(here.answer())
    here.news()
    here.reads(sent.external_id)
    assert Status.READ in statuses(here, sent.external_id)


@some_networks(told(Status.FAILED))
def test_a_failure_told_later(here: Desk):
    """R33: with its code, and a reason that has a French sentence."""
    here.writes()
    sent = here.send(here.answer())
    here.news()
    here.fails_later(sent.external_id)
    (event,) = [event for event in of(Kind.STATUS, here.news()) if event.status is Status.FAILED]
    assert event.external_id == sent.external_id and event.code and sentence(event.error)


def statuses(here: Desk, external_id: str) -> list[Status | None]:
    """States told of that message, by its id or by a time."""
    events = of(Kind.STATUS, here.news())
    return [event.status for event in events if event.external_id == external_id or event.up_to]


# -- sending


def test_an_answer(here: Desk):
    """R30"""
    here.writes()
    sent = here.send(here.answer())
    assert sent.external_id and here.on_screen() == ['Votre dossier est prêt.']
    assert here.sends() == 1


def test_an_answer_with_a_file(here: Desk):
    """R31: the picture arrives whole, or is refused before anything is sent."""
    here.writes()
    if not here.network.capabilities.files_out:
        with pytest.raises(PermanentError) as caught:
            here.send_all(here.answer(), PHOTO)
        assert caught.value.reason == 'no_files' and here.on_screen() == []
        return
    here.send_all(here.answer(), here.published(PHOTO))
    assert here.files_on_screen() == [PHOTO.content]
    assert [text for text in here.on_screen() if text] == ['Votre dossier est prêt.']


def test_files_that_the_network_cannot_take(here: Desk):
    """R31: type and size are refused before anything is sent."""
    program = OutgoingFile(b'MZ\x90\x00', 'virus.exe', 'application/x-msdownload')
    limits = here.network.capabilities.files_out
    if 'application/*' not in limits:
        with pytest.raises(PermanentError) as caught:
            here.send_all(here.answer(), program)
        assert caught.value.reason == ('file_type' if limits else 'no_files')
    for limit in {limit for pattern, limit in limits.items() if pattern in ('image/*', 'image/jpeg')}:
        big = OutgoingFile(JPEG + b'\0' * limit, 'photo.jpg', 'image/jpeg')
        with pytest.raises(PermanentError) as caught:
            here.send_all(here.answer(), big)
        assert caught.value.reason == 'file_too_big'
    with pytest.raises(PermanentError) as caught:
        here.send_all(here.answer(' \n '))
    assert caught.value.reason == 'empty'
    assert here.sends() == 0


def test_a_long_answer(here: Desk):
    """R31: split within the limit counted in the network's unit, in order, nothing lost."""
    here.writes()
    limit, unit = here.network.capabilities.text_limit, here.network.capabilities.text_unit
    sentence_ = 'Bonjour 👩🏽‍🚒, votre dossier est complet. '
    text = sentence_ * (limit // len(sentence_) * 2 + 2)
    parts = here.network.split(here.account, here.answer(text), [])
    assert len(parts) > 1 and all(length(part.text, unit) <= limit for part in parts)
    here.send_all(here.answer(text))
    shown = [re.sub(r' \(\d+/\d+\)$', '', part) for part in here.on_screen()]
    assert ' '.join(' '.join(shown).split()) == ' '.join(text.split())


def test_a_text_that_is_too_long_is_refused_by_the_network(here: Desk):
    """The emulator is strict, or the split would prove nothing."""
    here.writes()
    with pytest.raises(PermanentError):
        here.send(here.answer('x' * (here.network.capabilities.text_limit * 2 + 100)))
    assert here.on_screen() == []


@some_networks(able('answer_window'))
def test_after_the_window(here: Desk):
    """R32: told without a call by our clock, and understood when the network's says so."""
    here.writes()
    window = here.network.capabilities.answer_window
    assert window is not None
    human = here.network.capabilities.human_window or window
    past = max(window, human) + timedelta(minutes=1)
    late = here.answer(last_inbound_at=datetime.now(UTC) - past)
    with pytest.raises(PermanentError) as caught:
        here.send(late)
    assert caught.value.reason == 'window' and here.sends() == 0
    here.age(past)
    with pytest.raises(PermanentError) as caught:
        here.send(here.answer())
    assert caught.value.reason == 'window' and here.on_screen() == []


def test_somebody_who_blocks_us(here: Desk):
    """R33"""
    here.writes()
    here.blocks()
    with pytest.raises(PermanentError) as caught:
        here.send(here.answer())
    assert caught.value.reason in ('blocked', 'gone') and here.on_screen() == []


def test_throttled(here: Desk):
    """R33: nothing went, and when to come back is the network's to say."""
    here.writes()
    here.throttle(here.SENDS)
    with pytest.raises(TemporaryError) as caught:
        here.send(here.answer())
    assert not isinstance(caught.value, OutcomeUnknown)
    assert caught.value.reason == 'rate' and (caught.value.retry_after or 0) > 0
    assert here.on_screen() == []
    here.send(here.answer())
    assert len(here.on_screen()) == 1


def test_a_dead_token(here: Desk):
    """R33, R50: the account stops, a person is told; nothing secret and nothing personal in the error."""
    here.writes()
    here.kill_token()
    with pytest.raises(ConfigurationError) as caught:
        here.send(here.answer('texte de l’agent'))
    assert sentence(caught.value.reason) and here.on_screen() == []
    secrets = [here.account.credentials.get(c.name) for c in here.network.credentials if c.secret]
    chain: BaseException | None = caught.value
    while chain is not None:
        for secret in filter(None, [*secrets, here.citizen, 'texte de l’agent']):
            assert secret not in f'{chain} {chain!r}'
        chain = chain.__cause__ or chain.__context__


@pytest.mark.parametrize('fault', ['cut_after', 'after'])
def test_an_answer_whose_outcome_is_unknown_was_sent(here: Desk, fault: str):
    """R30: found again under its id, or at least never denied."""
    here.writes()
    message = here.tried(here.answer())
    here.fail(fault)
    with pytest.raises(OutcomeUnknown):
        here.send(message)
    assert len(here.on_screen()) == 1
    if not here.reads_back:
        with pytest.raises(TemporaryError):
            here.find(message)
        return
    found = here.find(message)
    assert found is not None and found.external_id
    (event, *_) = [e for e in of(Kind.MESSAGE, here.news()) if e.from_us] or [None]
    assert event is None or event.external_id == found.external_id


def test_an_answer_whose_outcome_is_unknown_was_not_sent(here: Desk):
    """R30: that it is not there is only said once it can no longer come."""
    here.writes()
    message = here.tried(here.answer())
    here.fail('cut_before')
    with pytest.raises(OutcomeUnknown):
        here.send(message)
    assert here.on_screen() == []
    if not here.reads_back:
        with pytest.raises(TemporaryError):
            here.find(message)
        return
    assert here.find(here.tried(message, timedelta(minutes=10))) is None


@pytest.mark.parametrize('fault', [500, 502, 503])
def test_errors_of_the_server(here: Desk, fault: int):
    """R30: an error of a server or of what stands before it does not say that nothing was done."""
    here.writes()
    here.fail('answer', status=fault, body=b'<html></html>', mimetype='text/html')
    with pytest.raises(TemporaryError):
        here.send(here.answer())
    assert here.on_screen() == []


def test_an_older_answer_with_the_same_words_is_not_taken_for_ours(here: Desk):
    """R30: « Merci » was said before."""
    if not here.reads_back:
        pytest.skip('the network cannot be asked')
    here.writes()
    earlier = here.send(here.answer('Merci', key='publik:reply:1'))
    later = here.tried(here.answer('Merci', others=(earlier.external_id,)), timedelta(minutes=10))
    assert here.find(later) is None


# -- administration


def test_a_healthy_account(here: Desk):
    """R41"""
    health = here.network.check(here.account, here.http)
    assert health.ok, health.problems
    assert health.external_id == here.account.external_id
    json.dumps(dict(health.facts))


def test_an_account_whose_token_is_dead(here: Desk):
    """R40, R41: said in words, no exception."""
    here.kill_token()
    health = here.network.check(here.account, here.http)
    assert not health.ok
    assert any(problem.severity == 'critical' and len(problem.message) > 20 for problem in health.problems)


def test_a_server_that_is_away_says_nothing_of_the_account(here: Desk):
    """R41: an account is not broken because the network is."""
    here.fail('cut_before', '.', times=100)
    with pytest.raises(TemporaryError):
        here.network.check(here.account, here.http)


def test_subscribing_twice(here: Desk):
    here.network.subscribe(here.account, here.http)
    here.network.subscribe(here.account, here.http)


def test_renewing(here: Desk):
    """Ahead of the end, with values that work; nothing to do else."""
    assert here.network.renew(here.account, here.http) is None
    if not here.ages_token():
        return
    values = here.network.renew(here.account, here.http)
    assert values and set(values) <= {credential.name for credential in here.network.credentials}
    renewed = {**here.account.credentials, **values}
    here.account = dataclasses.replace(here.account, credentials=renewed)
    here.writes()
    here.send(here.answer())
    assert here.on_screen()


def test_the_words_of_the_model_are_used(here: Desk):
    """What the rest of the software knows how to treat, and nothing else."""
    here.writes('un', *([PHOTO] if here.sends_files else []))
    for event in here.news():
        assert event.reason in ('', *model.IGNORED_REASONS)
        assert event.unreadable in ('', *model.UNREADABLE_REASONS)
        assert event.topic in ('', *model.TOPICS)
        assert all(a.kind in model.ATTACHMENT_KINDS for a in event.attachments)
