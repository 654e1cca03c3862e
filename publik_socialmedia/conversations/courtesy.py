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

"""Messages that thank, greet or nod: they ask for no answer, least of all an automatic one (R53)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from publik_socialmedia.models import Message

# one of them at least: « pour la journée » alone thanks for nothing
_THANKS = {
    'merci', 'mercii', 'merciii', 'mersi', 'mrc', 'mrci', 'thanks', 'thank', 'thx', 'ty', 'ok', 'okay',
    'oki', 'accord', 'dac', 'dacc', 'super', 'parfait', 'top', 'genial', 'cool', 'nickel', 'impeccable',
    'entendu', 'compris', 'note', 'recu', 'journee', 'soiree', 'pareillement', 'revoir', 'bientot',
    'gentil', 'remercie', 'plaisir',
}  # fmt: skip
# and nothing else than these; without accents, punctuation nor emoji
_WORDS = _THANKS | {
    'you', 'beaucoup', 'bcp', 'bien', 'infiniment', 'encore', 'mille', 'grand', 'd', 'tres', 'bonne',
    'bon', 'belle', 'nuit', 'week', 'end', 'weekend', 'fin', 'de', 'semaine', 'a', 'vous', 'toi', 'aussi',
    'cordialement', 'au', 'pour', 'tout', 'votre', 'vos', 'reponse', 'reponses', 'rapide', 'rapidement',
    'aide', 'la', 'l', 'le', 'les', 'info', 'infos', 'et', 'madame', 'monsieur', 'c', 'est', 'avec', 'je',
    'en', 'retour', 'renseignements', 'information', 'informations',
}  # fmt: skip
_LONGEST = 15  # words
_SAYING = {'sticker'}


def is_courtesy(messages: Iterable[Message]) -> bool:
    """Whether these messages together only thank or nod: words of thanks, emoji, stickers. False if none."""
    found = list(messages)
    return bool(found) and all(map(_asks_nothing, found))


def _asks_nothing(message: Message) -> bool:
    if message.unreadable or any(a.kind not in _SAYING for a in message.attachments.all()):
        return False
    if '?' in message.text:
        return False
    words = _words(message.text)
    if not words:
        return not any(character.isalnum() for character in message.text)  # emoji, punctuation, a sticker
    return len(words) <= _LONGEST and not _THANKS.isdisjoint(words) and _WORDS.issuperset(words)


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize('NFKD', text.casefold())
    plain = ''.join(character for character in plain if not unicodedata.combining(character))
    return re.findall(r'[a-z0-9]+', plain)
