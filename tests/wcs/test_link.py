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

"""A demand is attached to a citizen's Publik account when they prove it, and only then (R27)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from django.contrib.auth.models import User
from django.template import engines
from django.test import Client
from freezegun import freeze_time
from lxml import html

from publik_socialmedia.models import Account, Contact, ContactIdentifier, Journal
from publik_socialmedia.wcs import linking
from tests.factory import make_account, write

pytestmark = pytest.mark.django_db
JEANNE, KARIM = 32 * 'a', 32 * 'b'


@pytest.fixture(autouse=True)
def name_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the bricks of Publik, where hobo gives this method to users."""
    monkeypatch.setattr(User, 'get_name_id', lambda user: user.last_name, raising=False)


@pytest.fixture
def contact() -> Contact:
    contact = write(make_account(name='Ville <de> Villexemple')).conversation.contact
    contact.name = 'Jeanne Exemple'
    contact.save()
    return contact


def browser(name_id: str = '') -> Client:
    """Somebody on the portal, logged in if they have a name id."""
    client = Client(enforce_csrf_checks=True)
    if name_id:
        client.force_login(User.objects.get_or_create(username=name_id, last_name=name_id)[0])
    return client


def path(contact: Contact) -> str:
    contact.refresh_from_db()
    return urlsplit(linking.address(contact)).path


def press(client: Client, url: str, action: str = 'link') -> Any:
    """Load the page, press its button."""
    page = client.get(url)
    token = html.fromstring(page.content).xpath('string(//input[@name="csrfmiddlewaretoken"]/@value)')
    return client.post(url, {'action': action, 'csrfmiddlewaretoken': token})


def words(answer: Any) -> str:
    return ' '.join(
        ' '.join(html.fromstring(answer.content).xpath('//*[@data-socialmedia-link]//text()')).split()
    )


def name_id(contact: Contact) -> str:
    contact.refresh_from_db()
    return contact.name_id


# -- confirming


def test_citizen_confirms_and_is_linked_once_R27(contact: Contact) -> None:
    url, jeanne = path(contact), browser(JEANNE)
    page = jeanne.get(url)
    assert page.status_code == 200 and name_id(contact) == ''  # looking changes nothing
    said = words(page)
    assert 'Réseau Messenger' in said and 'Ville <de> Villexemple' in said
    assert 'J••••• E••••••' in said and 'Jeanne' not in page.content.decode()
    assert 'Ne confirmez que si c’est bien vous' in said
    answer = press(jeanne, url)
    assert (answer.status_code, answer['Location']) == (302, url)
    assert name_id(contact) == JEANNE and contact.linked_at
    assert 'est reliée à votre compte' in words(jeanne.get(url))
    (entry,) = Journal.objects.all()
    assert (entry.action, entry.details) == ('link-citizen', {'contact': contact.pk})


def test_link_serves_once(contact: Contact) -> None:
    url = path(contact)
    press(browser(JEANNE), url)
    other = press(browser(KARIM), url)
    assert other.status_code == 403
    linking.unlink(contact, JEANNE)
    for who in (JEANNE, KARIM):
        answer = press(browser(who), url)
        assert answer.status_code in (403, 410) and name_id(contact) == ''
    assert browser(KARIM).get(url).status_code == 410
    # another link is another matter
    assert press(browser(KARIM), path(contact)).status_code == 302 and name_id(contact) == KARIM


def test_link_ends(contact: Contact, settings) -> None:
    settings.PUBLIK_SOCIALMEDIA_LINK_DAYS = 2
    url = path(contact)
    with freeze_time() as clock:
        jeanne = browser(JEANNE)
        clock.tick(timedelta(days=2, minutes=1))
        page = jeanne.get(url)
        assert page.status_code == 410 and 'trop ancien' in words(page) and b'<button' not in page.content
        assert jeanne.get(url).status_code == 410
        jeanne.post(url, {'action': 'link'})
    assert name_id(contact) == ''


def test_conversation_of_another_is_refused_and_not_told_R27(contact: Contact) -> None:
    url = path(contact)
    press(browser(JEANNE), url)
    page = browser(KARIM).get(url)
    assert page.status_code == 403 and 'déjà reliée à un autre compte' in words(page)
    source = page.content.decode()
    assert 'J•' not in source and JEANNE not in source and '<button' not in source
    again = path(contact)  # a new link does not take it from her
    assert browser(KARIM).get(again).status_code == 403
    assert linking.link(again.split('/')[-2], contact, KARIM) is linking.Standing.TAKEN
    assert name_id(contact) == JEANNE


def test_person_may_link_several_conversations_R15(contact: Contact) -> None:
    second = write(make_account('mastodon')).conversation.contact
    for each in (contact, second):
        press(browser(JEANNE), path(each))
        assert name_id(each) == JEANNE


@pytest.mark.parametrize('name', ['', 'Zoé', 'Jean-Michel de la Tour', '<b>x</b>', '\u202eanna'])
def test_name_is_masked_R50(contact: Contact, name: str) -> None:
    contact.name = name
    contact.save()
    ContactIdentifier.objects.update(value='jeanne@ailleurs.example')
    shown = linking.masked(contact)
    assert shown == ('je••••le' if not name else shown) and '•' in shown
    assert not name or name not in shown
    page = browser(JEANNE).get(path(contact))
    assert b'<b>' not in page.content


# -- who may


def test_anonymous_people_log_in_and_come_back(contact: Contact) -> None:
    url = path(contact)
    for answer in (browser().get(url), Client().post(url, {'action': 'link'})):
        assert (answer.status_code, answer['Location']) == (302, f'/login/?next={quote(url)}')
    assert name_id(contact) == ''


def test_local_account_without_name_id_is_refused(contact: Contact) -> None:
    client = Client()
    client.force_login(User.objects.create(username='local'))
    for answer in (client.get(path(contact)), client.post(path(contact), {'action': 'link'})):
        assert answer.status_code == 403 and 'n’est pas celui d’un usager' in words(answer)
    assert name_id(contact) == ''


def test_forged_post_is_refused(contact: Contact) -> None:
    url, jeanne = path(contact), browser(JEANNE)
    jeanne.get(url)
    for action in ('link', 'unlink'):
        assert jeanne.post(url, {'action': action}).status_code == 403
    assert name_id(contact) == ''


@pytest.mark.parametrize('method', ['put', 'delete', 'patch', 'head'])
def test_other_methods_are_refused(contact: Contact, method: str) -> None:
    assert getattr(Client(), method)(path(contact)).status_code == 405


def test_address_that_is_not_ours_is_not_found(contact: Contact, settings) -> None:
    url = path(contact)
    token = url.split('/')[-2]
    hostile = [
        token[:-1],
        token + 'A',
        token.replace('-', '0', 1),
        '1-0',
        'x',
        '%00',
        '.',
        '1-' + 16 * 'a' + '.x.y',
    ]
    for wrong in hostile:
        assert browser(JEANNE).get(url.replace(token, wrong)).status_code == 404
        assert browser().get(url.replace(token, wrong)).status_code == 404  # no login for nothing
    settings.PUBLIK_SOCIALMEDIA_ENABLED = False
    assert browser(JEANNE).get(url).status_code == 404
    settings.PUBLIK_SOCIALMEDIA_ENABLED = True
    Account.objects.all().delete()
    assert browser(JEANNE).get(url).status_code == 404


def test_link_of_one_person_serves_for_nobody_else(contact: Contact) -> None:
    other = write(contact.account, user='karim').conversation.contact
    number, dot, rest = path(contact).split('/')[-2].partition('-')
    assert browser(JEANNE).get(f'/socialmedia/relier/{other.pk}{dot}{rest}/').status_code == 404 and number


def test_page_is_not_kept_indexed_framed_nor_told_on(contact: Contact) -> None:
    for answer in (browser(JEANNE).get(path(contact)), browser().get(path(contact))):
        assert 'no-store' in answer['Cache-Control'] and 'noindex' in answer['X-Robots-Tag']
        assert answer['X-Frame-Options'] == 'DENY' and answer['Referrer-Policy'] == 'same-origin'


# -- undoing


def test_unlinking_from_the_same_page_even_later_R27(contact: Contact) -> None:
    url, jeanne = path(contact), browser(JEANNE)
    press(jeanne, url)
    Contact.objects.update(wcs_user_id='12')
    with freeze_time() as clock:
        clock.tick(timedelta(days=400))
        jeanne = browser(JEANNE)
        answer = press(jeanne, url, 'unlink')
    assert answer.status_code == 200 and 'n’est plus reliée' in words(answer)
    assert name_id(contact) == '' and contact.wcs_user_id == ''
    assert [entry.action for entry in Journal.objects.order_by('pk')] == ['link-citizen', 'unlink-citizen']


def test_nobody_undoes_the_link_of_another(contact: Contact) -> None:
    url = path(contact)
    press(browser(JEANNE), url)
    assert press(browser(KARIM), url, 'unlink').status_code == 403
    assert not linking.unlink(contact, '') and name_id(contact) == JEANNE


# -- the dress of the portal


@pytest.fixture
def portal(settings, tmp_path) -> Iterator[Any]:
    """Templates of a portal: writes one, gives what the page then is."""
    templates = [{**settings.TEMPLATES[0], 'DIRS': [str(tmp_path)]}]
    settings.TEMPLATES = templates

    def dress(name: str, source: str) -> None:
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(source)
        for engine in engines.all():
            engine.engine.template_loaders[0].reset()

    yield dress


def test_page_has_the_dress_of_the_portal_if_there_is_one(contact: Contact, portal: Any) -> None:
    def shown() -> str:
        return browser(JEANNE).get(path(contact)).content.decode()

    assert '<title>Relier cette conversation à mon compte</title>' in shown()
    portal('theme.html', '<html><body id="thème">{% block content %}{% endblock %}</body></html>')
    assert 'id="thème"' in shown() and 'Oui, cette conversation est la mienne' in shown()
    portal(
        'combo/page_template.html',
        '{% extends "theme.html" %}{% block content %}<i>combo</i>'
        '{% block combo-content %}{% endblock %}{% endblock %}',
    )
    assert 'id="thème"' in shown() and shown().count('Oui, cette conversation') == 1


@pytest.mark.parametrize(
    'broken', ['<html>no place</html>', '{% block content %}', '{{ page|nothing }}', '{% url "x" %}']
)
def test_portal_that_has_no_place_for_it_or_fails_costs_nothing(
    contact: Contact, portal: Any, broken: str
) -> None:
    portal('theme.html', broken)
    page = browser(JEANNE).get(path(contact))
    assert page.status_code == 200 and 'Oui, cette conversation' in page.content.decode()
