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

"""Test of a number: token, permissions, subscription, state of the number, template (R40, R41).

https://developers.facebook.com/documentation/business-messaging/whatsapp/reference
"""

from __future__ import annotations

from collections.abc import Mapping

from publik_socialmedia.errors import ConfigurationError, PermanentError
from publik_socialmedia.networks import meta_health
from publik_socialmedia.networks.base import JSON, Account, Health, Http, Problem
from publik_socialmedia.networks.meta import dicts, ident, mapping, moment, string
from publik_socialmedia.networks.meta_graph import GraphNetwork
from publik_socialmedia.networks.meta_health import Check
from publik_socialmedia.networks.whatsapp.events import OBJECT
from publik_socialmedia.networks.whatsapp.sending import TEMPLATE_LIMIT, template_language, template_name
from publik_socialmedia.networks.whatsapp.values import ECHOES
from publik_socialmedia.text import length

FIELD = 'messages'  # the field of the webhook without which nothing comes
NUMBER_FIELDS = 'id,display_phone_number,verified_name,quality_rating,name_status,status,platform_type'
TEMPLATE_FIELDS = 'name,language,status,category,components'
VARIABLE = '{{1}}'


def _(msgid: str) -> str:
    """Marks a text to translate."""
    return msgid


SCOPES = {
    'whatsapp_business_messaging': Problem(
        'permission',
        _('The token lacks the permission whatsapp_business_messaging: nothing can be received nor sent.'),
    ),
    'whatsapp_business_management': Problem(
        'permission',
        _('The token lacks the permission whatsapp_business_management: nothing can be subscribed.'),
    ),
}
_REPORTED = Problem(
    'policy', _('People block this number or report it: Meta may lower its limits.'), 'warning'
)
_UNREGISTERED = Problem(
    'config', _('This number is not connected to the Cloud API: register it, see the help page.')
)
# status of a number → what to say of it
NUMBER_PROBLEMS = {
    'BANNED': Problem('policy', _('WhatsApp has banned this number: see WhatsApp Manager.')),
    'RESTRICTED': Problem('policy', _('WhatsApp restricts this number: see WhatsApp Manager.')),
    'RATE_LIMITED': Problem('rate', _('WhatsApp slows this number down: see WhatsApp Manager.'), 'warning'),
    'FLAGGED': _REPORTED,
    **dict.fromkeys(('DELETED', 'DISCONNECTED', 'PENDING', 'UNVERIFIED'), _UNREGISTERED),
}


def check(network: GraphNetwork, account: Account, http: Http) -> Health:
    """Only TemporaryError may come out."""
    missing = _missing(network, account)
    if missing:
        return Health((Problem('config', missing),))
    test = meta_health.begin(network, account, http)
    found = meta_health.debug_token(test)
    wrong_kind = _('This token cannot be used here: make one with a system user.')
    kinds = ('SYSTEM_USER', 'USER')
    usable = found and meta_health.check_token(test, found, kinds, wrong_kind, SCOPES)
    number_id, name = _check_number(test) if usable else ('', '')
    if number_id:
        _check_account(test, number_id)
        _check_application(test)
        _check_template(test)
    expires = moment(found.get('expires_at'))  # 0 = never
    return Health(tuple(test.problems), number_id, name, expires, test.facts)


def _missing(network: GraphNetwork, account: Account) -> str:
    """What must be typed before anything can be tested, '' if nothing."""
    if not network.token(account):
        return _('The access token is missing.')
    if not _is_id(network.page(account)):
        return _('The phone number identifier is missing, or is not one: it is not the number itself.')
    if not _is_id(waba(account)):
        return _('The identifier of the WhatsApp Business account is missing, or is not one.')
    return ''


def _is_id(value: str) -> bool:
    return value.isascii() and value.isdigit()


def waba(account: Account) -> str:
    """Id of the WhatsApp Business account, as it was typed."""
    return account.credentials.get('waba_id', '').strip()


def _check_number(test: Check) -> tuple[str, str]:
    """Id and name of the number, '' if it cannot be read."""
    path = test.network.page(test.account)
    typed = test.account.credentials.get('phone_number_id', '').strip()
    if typed not in ('', path):
        test.problem('config', _('This identifier is not the one of the number connected so far.'))
        return '', ''
    try:
        found = test.read(path, {'fields': NUMBER_FIELDS})
    except (ConfigurationError, PermanentError) as error:
        reason = 'auth' if error.reason == 'auth' else 'permission'
        test.problem(reason, _('The token does not give access to this number: see the help page.'))
        return '', ''
    meta_health.check_proof(test, path)
    _look_at(test, found)
    shown = string(found.get('display_phone_number'))
    test.facts['display_phone_number'] = shown
    test.facts['coexistence'] = string(found.get('platform_type')) not in ('', 'CLOUD_API')
    return ident(found.get('id')), string(found.get('verified_name')) or shown


def _look_at(test: Check, number: Mapping[str, JSON]) -> None:
    """What Meta says of the number itself."""
    status = string(number.get('status'))
    if status in NUMBER_PROBLEMS:
        test.problems.append(NUMBER_PROBLEMS[status])
    elif string(number.get('quality_rating')) == 'RED':
        test.problems.append(_REPORTED)
    if string(number.get('name_status')) in ('DECLINED', 'EXPIRED', 'NONE', 'REJECTED'):
        test.problem('config', _('The display name of this number is not approved by Meta.'), 'warning')


def _is_subscribed(test: Check) -> bool:
    """Whether Meta calls us: our application is one of those of the WhatsApp Business account."""
    listed = dicts(test.read(f'{waba(test.account)}/subscribed_apps').get('data'))
    apps = {ident(mapping(one.get('whatsapp_business_api_data')).get('id')) for one in listed}
    return test.app_id in apps if test.app_id else bool(apps)


def _check_account(test: Check, number_id: str) -> None:
    """The WhatsApp Business account has that number, and calls our application."""
    path = waba(test.account)
    try:
        numbers = dicts(test.read(f'{path}/phone_numbers', {'fields': 'id', 'limit': 100}).get('data'))
        subscribed = _is_subscribed(test)
    except (ConfigurationError, PermanentError):
        test.problem('permission', _('The token does not give access to the WhatsApp Business account.'))
        return
    if number_id not in {ident(one.get('id')) for one in numbers}:
        test.problem('config', _('The number is not one of this WhatsApp Business account.'))
    elif not subscribed:
        message = _('The WhatsApp Business account does not call our application: subscribe it again.')
        test.problem('subscription', message)


def _check_application(test: Check) -> None:
    """The webhook of the application itself."""
    names = meta_health.application_fields(test, OBJECT)
    if names is None:
        return
    if not names:
        message = _('The application has no active webhook for WhatsApp: fill it in, in Meta’s dashboard.')
        test.problem('subscription', message)
    elif FIELD not in names:
        test.problem('subscription', _('The webhook of the application lacks the field messages.'))
    elif test.facts.get('coexistence') and ECHOES not in names:
        message = _('Answers typed on the telephone do not come: tick the field smb_message_echoes.')
        test.problem('subscription', message, 'warning')


def _check_template(test: Check) -> None:
    """The template that goes after 24 hours: it exists, is approved, and has one variable."""
    name, language = template_name(test.account), template_language(test.account)
    test.facts['template_room'] = 0
    if not name:
        return
    params = {'name': name, 'fields': TEMPLATE_FIELDS, 'limit': 100}
    try:
        listed = dicts(test.read(f'{waba(test.account)}/message_templates', params).get('data'))
    except (ConfigurationError, PermanentError):
        message = _('The templates cannot be read: see the permissions of the token.')
        test.problem('template', message, 'warning')
        return
    # the search is by a part of the name
    same = [one for one in listed if string(one.get('name')) == name]
    found = next((one for one in same if string(one.get('language')) == language), None)
    if found is None:
        test.problem('template', _('The template does not exist in that language.'), 'warning')
        return
    if string(found.get('status')) != 'APPROVED':
        message = _('The template is not approved, or no longer is: see WhatsApp Manager.')
        test.problem('template', message, 'warning')
    test.facts['template_room'] = _room(found)
    if not test.facts['template_room']:
        message = _('The template must have a text with one variable, {{1}}, and none elsewhere.')
        test.problem('template', message, 'warning')


def _room(template: Mapping[str, JSON]) -> int:
    """Characters that an answer may have in that template, 0 if it cannot hold one."""
    parts = dicts(template.get('components'))
    body = next((string(part.get('text')) for part in parts if string(part.get('type')) == 'BODY'), '')
    others = [part for part in parts if string(part.get('type')) != 'BODY']
    if body.count('{{') != 1 or VARIABLE not in body or any('{{' in str(part) for part in others):
        return 0
    if any(string(part.get('format')) not in ('', 'TEXT') for part in others):
        return 0  # a header that wants a file
    return max(TEMPLATE_LIMIT - length(body.replace(VARIABLE, ''), 'utf16'), 0)
