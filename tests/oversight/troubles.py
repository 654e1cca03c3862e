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

"""What can go wrong with an account, and how it is provoked in the stand-ins: network × trouble (R41)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import override_settings

from demo.emulators.graph_state import now
from demo.emulators.telegram_state import Webhook
from publik_socialmedia.delivery import queue, worker
from publik_socialmedia.models import Account, Conversation, Delivery, Message, RawEvent
from tests.delivery.desk import answer_states
from tests.delivery.test_every_network import Town
from tests.factory import later
from tests.oversight.scene import ago, body_of

Provoked = Callable[[Town], AbstractContextManager[object]]
NETWORK, WCS, SEE = 'refusé par le réseau', 'refusé par w.c.s.', 'à vérifier'
OVER = 'Ce problème est terminé.'


@dataclass(frozen=True)
class Trouble:
    """``provoke``: makes it happen in a stand-in, and mends it. ``level``, ``label``: of the card on the home
    page; ``words``: said there, on the page of the account and in the mail; ``over``: in the mail about its
    end. ``metric``: labels of the line that tells it. ``passing``: told once it has lasted only."""

    provoke: Provoked
    level: str
    label: str
    words: str
    metric: str
    over: str = OVER
    passing: bool = False
    of_all: bool = field(default=False, kw_only=True)  # not of one account
    status: int = field(default=0, kw_only=True)  # of the command, if the level does not tell


# -- how it happens


def having(path: str, bad: Any) -> Provoked:
    """What is at that path of the scene (« desk.server… », « wcs… ») is that meanwhile."""
    *steps, last = path.split('.')

    @contextmanager
    def provoke(here: Town) -> Iterator[None]:
        place: Any = here
        for step in steps:
            place = getattr(place, step)
        good = getattr(place, last)
        setattr(place, last, bad)
        yield
        setattr(place, last, good)

    return provoke


def answering(pattern: str = '', **reply: Any) -> Provoked:
    """The network gives that answer to all calls (that match)."""

    @contextmanager
    def provoke(here: Town) -> Iterator[None]:
        here.desk.server.fail('answer', pattern, times=10_000, **reply)
        yield
        here.desk.server.faults.clear()

    return provoke


def of_account(**values: Any) -> Provoked:
    @contextmanager
    def provoke(here: Town) -> Iterator[None]:
        good = Account.objects.values(*values).get()
        Account.objects.update(**values)
        yield
        Account.objects.update(**good)

    return provoke


def of_webhook(**values: Any) -> Provoked:
    """What X says of our webhook."""

    @contextmanager
    def provoke(here: Town) -> Iterator[None]:
        (webhook,) = here.desk.server.state.webhooks  # type: ignore[attr-defined]
        good = dict(webhook)
        webhook.update(values)
        yield
        webhook.update(good)

    return provoke


@contextmanager
def revoked(here: Town) -> Iterator[None]:
    """X forgets the session and its renewal."""
    state: Any = here.desk.server.state  # type: ignore[attr-defined]
    good = dict(state.tokens), dict(state.refresh)
    state.revoke()
    yield
    state.tokens, state.refresh = good


def sending(pattern: str, **reply: Any) -> Provoked:
    """The network refuses the answers of agents, of which there is one."""

    @contextmanager
    def provoke(here: Town) -> Iterator[None]:
        here.desk.writes()
        here.hear()
        here.desk.server.fail('answer', pattern, times=10_000, **reply)
        here.answers('Votre dossier est prêt.')
        worker.run_once()
        assert answer_states() == ['queued']
        yield
        here.desk.server.faults.clear()
        later()

    return provoke


@contextmanager
def barred(here: Town) -> Iterator[None]:
    """Meta tells that it forbids the Page to send, then allows it again: an answer passes."""
    server: Any = here.desk.server
    here.desk.writes()
    here.hear()
    server.enforce_policy('block')
    here.hear()
    here.answers('Votre dossier est prêt.')
    yield
    server.enforce_policy('unblock')
    later()


@contextmanager
def wcs_away(here: Town) -> Iterator[None]:
    here.wcs.faults.down_for(10_000)
    yield
    here.wcs.faults.down_for(0)


@contextmanager
def stuck(here: Town) -> Iterator[None]:
    here.desk.writes()
    here.hear()
    Delivery.objects.update(state='blocked')
    yield
    queue.replay(Delivery.objects.all())


@contextmanager
def unreadable(here: Town) -> Iterator[None]:
    body_of(here.account)
    yield
    RawEvent.objects.update(state='done')


@contextmanager
def silent(here: Town) -> Iterator[None]:
    """A message a day for four weeks, then nothing for twelve days."""
    here.desk.writes()
    here.hear()
    message = Message.objects.get()
    for day in range(28):
        at = ago(days=12 + day)
        message.pk, message.external_id = None, f'old-{day}'
        message.sort_at = message.received_at = at
        message.save()
    Message.objects.filter(received_at__gt=ago(days=12)).delete()
    Conversation.objects.update(last_inbound_at=ago(days=12))
    yield
    here.desk.writes('Encore moi')
    here.hear()


@contextmanager
def unwritable(here: Town) -> Iterator[None]:
    with override_settings(PUBLIK_SOCIALMEDIA_PRIVATE_STORAGE=str(Path(__file__) / 'folder')):
        yield


@contextmanager
def full(here: Town) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shutil, 'disk_usage', lambda _path: SimpleNamespace(free=1024))
        yield


@contextmanager
def slowed(here: Town) -> Iterator[None]:
    """The network refuses all calls, in its own way of saying that there are too many."""
    for _ in range(50):
        here.desk.throttle()
    yield
    here.desk.server.faults.clear()


# -- what is said


def critical(provoke: Provoked, reason: str, words: str) -> Trouble:
    return Trouble(provoke, 'error', NETWORK, words, f'side="network",reason="{reason}"')


def warning(provoke: Provoked, reason: str, words: str) -> Trouble:
    metric = f'side="network",reason="{reason}",severity="warning"'
    return Trouble(provoke, 'warning', SEE, words, metric)


def passing(provoke: Provoked, reason: str, label: str, words: str, side: str = 'network') -> Trouble:
    metric = f'side="{side}",reason="{reason}",severity="warning"'
    return Trouble(provoke, 'warning', label, words, metric, passing=True)


def refusal(provoke: Provoked, reason: str, words: str) -> Trouble:
    return Trouble(provoke, 'error', WCS, words, f'side="wcs",reason="{reason}"')


def missing(provoke: Provoked, reason: str, words: str) -> Trouble:
    return Trouble(provoke, 'error', SEE, words, f'side="wcs",reason="{reason}",severity="critical"')


def ends_in(path: str, days: int) -> Trouble:
    """The token ends; its administrator has it prolonged."""
    level, left = 'error' if days <= 2 else 'warning', f'prend fin dans {days - 1} jour'
    end = now() + timedelta(days=days, minutes=-1)
    metric, over = 'token_expiry_timestamp_seconds', 'Le jeton d’accès a été renouvelé.'
    return Trouble(having(path, end), level, 'jeton bientôt fini', left, metric, over)


def everywhere(provoke: Provoked, words: str, metric: str, over: str = OVER) -> Trouble:
    return Trouble(provoke, '', '', words, metric, over, of_all=True)


def x_error(status: int, **error: Any) -> Provoked:
    return answering(status=status, body={'errors': [error]})


GRAPH_PAYMENT = {'error': {'message': 'x', 'code': 131042}}
TABLE: dict[str, dict[str, Trouble]] = {
    'messenger': {
        'token revoked': critical(
            having('desk.server.token.dead', 460), 'auth', 'a changé de mot de passe : créez un nouveau jeton'
        ),
        'permission missing': critical(
            having('desk.server.token.scopes', ('pages_read_engagement', 'pages_manage_metadata')),
            'permission',
            'Il manque au jeton l’autorisation pages_messaging',
        ),
        'page not subscribed': critical(
            having('desk.server.page.subscriptions', {}),
            'subscription',
            'La Page n’appelle plus notre application : abonnez-la',
        ),
        'webhook of the application off': critical(
            having('desk.server.app.active', False),
            'subscription',
            'L’application n’a pas de webhook actif pour les Pages',
        ),
        'restricted by Meta': critical(barred, 'policy', 'Le réseau restreint ce compte'),
        'token ends in 14 days': ends_in('desk.server.token.expires_at', 14),
        'token ends in 7 days': ends_in('desk.server.token.expires_at', 7),
        'token ends in 2 days': ends_in('desk.server.token.expires_at', 2),
    },
    'instagram': {
        'token revoked': critical(
            having('desk.server.login.dead', 460), 'auth', 'a changé de mot de passe : créez un nouveau jeton'
        ),
        'connected tools closed': critical(
            having('desk.server.api.closed', True),
            'permission',
            'Outils connectés, et autorisez l’accès aux messages',
        ),
        'personal account': critical(
            having('desk.server.api.account_type', 'PERSONAL'),
            'config',
            'C’est un compte personnel : faites-en un compte professionnel',
        ),
        'not subscribed': critical(
            having('desk.server.page.subscriptions', {}),
            'subscription',
            'Le compte n’appelle plus notre application : abonnez-le',
        ),
    },
    'whatsapp': {
        'token revoked': critical(
            having('desk.server.token.dead', 467), 'auth', 'Le jeton a été révoqué : créez-en un nouveau'
        ),
        'number banned': critical(
            having('desk.server.number.status', 'BANNED'),
            'policy',
            'WhatsApp a exclu ce numéro : consultez WhatsApp Manager',
        ),
        'number restricted': critical(
            having('desk.server.number.status', 'RESTRICTED'),
            'policy',
            'WhatsApp restreint ce numéro : consultez WhatsApp Manager',
        ),
        'number reported': warning(
            having('desk.server.number.quality', 'RED'),
            'policy',
            'Des usagers bloquent ou signalent ce numéro',
        ),
        'not subscribed': critical(
            having('desk.server.world.subscribed', set()),
            'subscription',
            'Le compte WhatsApp Business n’appelle pas notre application',
        ),
        'template removed': warning(
            having('desk.server.world.templates', []), 'template', 'Le modèle n’existe pas dans cette langue'
        ),
        'no payment method': critical(
            sending('POST .*/messages$', status=400, body=GRAPH_PAYMENT), 'billing', 'ajoutez-en un'
        ),
    },
    'x': {
        'token revoked': critical(
            revoked, 'auth', 'Le jeton d’accès n’est plus valable : reconnectez le compte'
        ),
        'suspended': critical(
            x_error(403, code=326), 'policy', 'X a verrouillé ou suspendu le compte : connectez-vous à X'
        ),
        'credits used up': critical(
            answering(status=402, body={'title': 'CreditsDepleted'}),
            'credits',
            'Les crédits de l’application sont épuisés',
        ),
        'clock wrong': critical(
            x_error(401, code=135), 'clock', 'l’horloge de ce serveur est fausse : réglez-la (NTP)'
        ),
        'permission missing': critical(
            x_error(403, code=453), 'permission', 'X dit que l’application n’a pas droit aux messages privés'
        ),
        'webhook not answered': warning(
            of_webhook(valid=False), 'subscription', 'X n’appelle plus notre webhook'
        ),
        'webhook elsewhere': warning(
            of_webhook(url='https://ailleurs.example/'),
            'subscription',
            'X ne connaît pas notre webhook : abonnez de nouveau le compte',
        ),
    },
    'mastodon': {
        'token revoked': critical(
            having('desk.server.token', 'another'),
            'auth',
            'créez une nouvelle application et copiez son jeton',
        ),
        'scope missing': critical(
            having('desk.server.scopes', ['read']),
            'permission',
            'Il manque une autorisation à l’application : cochez',
        ),
        'strangers thrown away': critical(
            having('desk.server.state.policy', {'for_private_mentions': 'drop'}),
            'policy_filters_private_mentions',
            'rejeter par le serveur les messages privés d’inconnus',
        ),
    },
    'bluesky': {
        'taken down': critical(
            having('desk.server.mairie.status', 'takendown'),
            'policy',
            'Bluesky a suspendu ou désactivé ce compte',
        ),
        'chat disabled': critical(
            having('desk.server.mairie.chat_disabled', True),
            'policy',
            'La modération de Bluesky a coupé les messages privés',
        ),
        'nobody may write': critical(
            having('desk.server.mairie.allows', 'none'),
            'policy_filters_private_mentions',
            'Les réglages du compte refusent tous les messages privés',
        ),
        'only those followed': warning(
            having('desk.server.mairie.allows', 'following'),
            'policy_filters_private_mentions',
            'Seules les personnes que le compte suit peuvent lui écrire',
        ),
    },
    'telegram': {
        'token revoked': critical(
            having('desk.server.state.token', '1:another'), 'auth', 'Telegram refuse le jeton du robot'
        ),
        'webhook elsewhere': critical(
            having('desk.server.state.webhook', Webhook('https://ailleurs.example/')),
            'subscription',
            'Telegram envoie les messages de ce robot à un autre logiciel',
        ),
        'webhook removed': critical(
            having('desk.server.state.webhook', None),
            'subscription',
            'Telegram ne nous appelle pas encore : utilisez « Abonner »',
        ),
    },
    # the same whatever the network: played on one
    'w.c.s.': {
        'wrong secret': refusal(
            having('wcs.wcs.access.secrets', {}),
            'wcs_secret',
            'w.c.s. refuse notre signature : le secret partagé',
        ),
        'clock wrong': refusal(
            having('wcs.wcs.access.clock_offset', 60),
            'wcs_clock',
            'les horloges diffèrent de plus de 30 secondes',
        ),
        'form disabled': refusal(
            having('wcs.wcs.disabled', True),
            'wcs_form_disabled',
            'est désactivé dans w.c.s. : activez-le ou choisissez-en un autre',
        ),
        'form unknown': refusal(
            of_account(form='inconnu'),
            'wcs_form_unknown',
            'n’existe pas dans w.c.s. : choisissez-en un autre',
        ),
        'no form': refusal(
            of_account(form=''), 'wcs_form_missing', 'Aucun formulaire n’est choisi pour ce compte'
        ),
        'site unknown': refusal(
            of_account(wcs_site='ailleurs'),
            'wcs_site_unknown',
            'Le site w.c.s. choisi pour ce compte n’est pas connu ici',
        ),
        'function without role': missing(
            having('wcs.wcs.site.functions', {}),
            'wcs_function_unset',
            'aucun agent ne voit les demandes. Choisissez un rôle',
        ),
        'role outside': missing(
            having('wcs.wcs.outside', {'agents-reseaux-sociaux'}),
            'wcs_role_outside',
            'ne donne pas accès au back-office de w.c.s.',
        ),
        'away': passing(
            wcs_away, 'wcs_away', 'attend w.c.s.', 'w.c.s. ne répond pas ; les essais continuent', 'wcs'
        ),
    },
    'all': {
        'queue blocked': Trouble(
            stuck,
            'warning',
            'travail bloqué',
            '1 élément est bloqué',
            'blocked_deliveries',
            'Plus rien n’est bloqué.',
            status=2,
        ),
        'silent': Trouble(
            silent,
            'warning',
            'silencieux',
            'par rapport à',
            'account_silent',
            'Des messages arrivent à nouveau.',
        ),
        'unreadable body': everywhere(
            unreadable,
            '1 contenu reçu n’a pas pu être lu.',
            'queue="bodies"',
            'Il ne reste aucun contenu illisible.',
        ),
        'storage not writable': everywhere(
            unwritable, 'ne peut pas être écrit', 'reason="storage_unwritable"'
        ),
        'disk full': everywhere(full, 'Le disque est presque plein', 'reason="storage_full"'),
    },
}
# of every network
for _slug in ('messenger', 'instagram', 'whatsapp', 'x', 'mastodon', 'bluesky', 'telegram'):
    TABLE[_slug] |= {
        'away': passing(
            answering(status=503, body=b''),
            'temporary',
            'injoignable',
            'Le réseau est momentanément en panne ; les essais continuent',
        ),
        'slows us down for long': passing(
            slowed, 'rate', 'ralenti par le réseau', 'Le réseau nous demande de ralentir'
        ),
    }
