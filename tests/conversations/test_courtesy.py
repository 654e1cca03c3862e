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

"""What asks for no answer."""

from __future__ import annotations

import pytest

from publik_socialmedia.conversations.courtesy import is_courtesy
from publik_socialmedia.networks.base import Attachment
from tests.factory import make_account, write

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    'text',
    [
        'Merci',
        'merci !',
        'MERCI BEAUCOUP 🙏',
        'Ok merci',
        'D’accord, merci bien',
        'Parfait, bonne journée !',
        '👍',
        '😀😀',
        'Merci pour votre réponse rapide',
        'Super merci et bonne fin de semaine',
        '...',
        'Très bien, c’est noté',
        'Merci à vous',
    ],
)
def test_thanks_ask_for_nothing(text: str):
    """R53: never to a « merci »."""
    assert is_courtesy([write(make_account(), text)])


@pytest.mark.parametrize(
    'text',
    [
        'Bonjour',
        'Merci de me rappeler',
        'Merci, et pour la piscine ?',
        'ok ?',
        'Où est la mairie',
        'Ok mais quand',
        'Merci de réparer le lampadaire',
        '06',
        'La semaine',
        'Non',
        'Merci. Il y a aussi un arbre tombé rue des Lilas.',
    ],
)
def test_questions_do(text: str):
    """R53"""
    assert not is_courtesy([write(make_account(), text)])


@pytest.mark.parametrize(
    'kind, expected', [('sticker', True), ('image', False), ('voice', False), ('location', False)]
)
def test_a_sticker_alone_says_nothing_a_photograph_does(kind: str, expected: bool):
    """R53"""
    message = write(make_account(), '', attachments=[Attachment(kind)])
    assert is_courtesy([message]) is expected


def test_all_messages_of_a_burst_count():
    """R53: a question before the thanks is a question."""
    account = make_account()
    question, thanks = write(account, 'Où en est mon dossier ?'), write(account, 'Merci')
    assert is_courtesy([thanks]) and not is_courtesy([question, thanks])
    assert not is_courtesy([])


def test_what_could_not_be_read_is_not_taken_for_thanks():
    """R8, R53"""
    assert not is_courtesy([write(make_account(), '', unreadable='unsupported')])
