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

"""Texts: cleaning (R24), HTML (payloads of Mastodon and its kin), cutting (R31), names of files."""

from __future__ import annotations

import re

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from publik_socialmedia import text

UNITS = ['characters', 'utf8', 'utf16', 'graphemes']
FAMILY = '👨‍👩‍👧‍👦'
WAVE = '👋🏽'
FLAG = '🇫🇷'
# any str, with a taste for what hurts
any_text = st.text(
    st.one_of(
        st.characters(),
        st.characters(categories=['Cs', 'Cc', 'Cf', 'Mn', 'Zs', 'So']),
        st.sampled_from('\x00\n\t\r\u200d\ufe0f\u202e\u2067😀👨👩🏽🇫🇷é\u0301. !'),
    ),
    max_size=200,
)


def mention(name: str, host: str = 'social.example.org') -> str:
    link = f'<a href="https://{host}/@{name}" class="u-url mention">@<span>{name}</span></a>'
    return f'<span class="h-card">{link}</span>'


def ours(href: str, label: str) -> bool:
    return href == 'https://social.example.org/@ville'


# -- cleaning


@pytest.mark.parametrize(
    'dirty, expected',
    [
        ('a\x00b', 'ab'),
        ('a\r\nb\tc', 'a\nb\tc'),
        ('a\x01\x08\x0b\x0c\x1f\x1bb', 'ab'),
        ('a\ud800b\udfffc', 'abc'),
        ('\ud83d\ude00', '😀'),
        ('\udc00\ud800', ''),
        ('fiche\u202egpj.exe\u202c', 'fichegpj.exe'),
        ('\u2066a\u2067b\u2068c\u2069', 'abc'),
        (f'{FAMILY} {WAVE} {FLAG} \u200b\u200c\ufeff', f'{FAMILY} {WAVE} {FLAG} \u200b\u200c\ufeff'),
        ('\u200fשלום\u200e', '\u200fשלום\u200e'),
    ],
)
def test_clean_removes_what_hurts_and_nothing_else_R24(dirty: str, expected: str) -> None:
    assert text.clean(dirty) == expected


@given(any_text)
def test_clean_text_can_go_anywhere_R24(dirty: str) -> None:
    clean = text.clean(dirty)
    assert text.clean(clean) == clean
    clean.encode()  # no lone surrogate is left
    assert not re.search('[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]', clean)
    kept = [c for c in dirty if c.isalnum() and not 0xD800 <= ord(c) <= 0xDFFF]
    assert [c for c in clean if c in set(kept)] == kept


# -- HTML


@pytest.mark.parametrize(
    'source, expected',
    [
        ('', ''),
        ('bonjour', 'bonjour'),
        ('<p>a</p><p>b<br>c<br/>d</p>', 'a\n\nb\nc\nd'),
        ('<p>a</p>\n\n  <p>b</p>\n', 'a\n\nb'),
        ('<p>x<br><br><br><br>y</p>', 'x\n\ny'),
        ('<p>x<br></p><p>y</p>', 'x\n\ny'),
        ('a  \n b', 'a b'),
        ('<b>a</b> <i>b</i>', 'a b'),
        ('<ul><li>un</li><li>deux</li></ul>fin', 'un\ndeux\n\nfin'),
        ('<div>a<div>b</div></div>c', 'a\nb\nc'),
        ('<pre>a\nb</pre>', 'a\nb'),
        ('&lt;3 &amp; &eacute; &#10084;&#65039; &nbsp;x', '<3 & é ❤️ \xa0x'),
        ('a < b & c', 'a < b & c'),
        ('a<script>alert(1)</script>b<style>p{}</style>c<!-- d -->e', 'abce'),
        ('<p>Merci<script>alert(1)', 'Merci'),
        ('<img src=x onerror=alert(1) alt=":ville:"> oui', ':ville: oui'),
        ('<!-- rien -->', ''),
        ('<?xml version="1.0" encoding="latin-1"?><p>é</p>', 'é'),
        ('<body><p>x</p></body>suite', 'x\n\nsuite'),
        ('&#0;a&#xD800;b&#x202e;c&#1;', 'abc'),
        ('<p>#<span>voirie</span></p>', '#voirie'),
    ],
)
def test_html_becomes_text(source: str, expected: str) -> None:
    assert text.from_html(source) == expected


@pytest.mark.parametrize(
    'source, expected',
    [
        ('<a href="https://example.org/plan?x=1&amp;y=2">https://example.org/plan?x=1&amp;y=2</a>',
         'https://example.org/plan?x=1&y=2'),
        ('<a href="https://www.example.org/tr%C3%A8s/long"><span class="invisible">https://www.</span>'
         '<span class="ellipsis">example.org/tr%C3%A8s</span><span class="invisible">/long</span></a>',
         'https://www.example.org/tr%C3%A8s/long'),
        ('<a href="https://www.example.org/une/page">example.org/une…</a>', 'https://www.example.org/une/page'),
        ('<a href="https://piege.example/">https://www.example.org/</a>',
         'https://www.example.org/ (https://piege.example/)'),
        ('<a href="https://example.org/">ici</a>', 'ici (https://example.org/)'),
        ('<a href="https://example.org/"></a>', 'https://example.org/'),
        ('<a href="javascript:alert(1)">ici</a>', 'ici'),
        ('<a href="/relatif">ici</a>', 'ici'),
        ('<a>ici</a>', 'ici'),
        ('<a class="mention hashtag" href="https://example.org/x">#<span>voirie</span></a>', '#voirie'),
    ],
)  # fmt: skip
def test_link_shows_where_it_leads(source: str, expected: str) -> None:
    assert text.from_html(f'<p>voir {source} merci</p>') == f'voir {expected} merci'


@pytest.mark.parametrize(
    'source, expected',
    [
        (f'<p>{mention("ville")} Bonjour</p>', 'Bonjour'),
        (f'bonjour {mention("ville")}', 'bonjour'),
        (
            f'<p>{mention("ville")}<br>{mention("ville")}</p><p>Bonjour</p><p>{mention("ville")}</p>',
            'Bonjour',
        ),
        (f'<p>Bonjour {mention("ville")}, une question</p>', 'Bonjour @ville, une question'),
        (f'<p>{mention("maire")} {mention("ville")} Bonjour</p>', '@maire @ville Bonjour'),
        (f'<p>{mention("ville", "autre.example")} Bonjour</p>', '@ville Bonjour'),
        (f'<p>{mention("ville")}</p>', ''),
    ],
)
def test_mentions_that_only_address_are_dropped_at_both_ends(source: str, expected: str) -> None:
    assert text.from_html(source, ours) == expected


def test_mentions_stay_when_nobody_says_which_are_addresses() -> None:
    assert text.from_html(f'<p>{mention("ville")} Bonjour</p>') == '@ville Bonjour'


@pytest.mark.parametrize('opening', ['<div>', '<b><i>', '<ul><li>', '<table><tr><td>'])
def test_text_nested_deeper_than_parsers_go_is_not_lost(opening: str) -> None:
    assert text.from_html(opening * 3000 + 'au fond &amp; là') == 'au fond & là'


@given(st.one_of(any_text, st.lists(st.sampled_from(
    ['<p>', '</p>', '<br>', '<a href="https://x.example/">', '<a class=mention href=y>', '</a>',
     '<pre>', '</pre>', '<li>', '<script>', '</script>', '<!--', '-->', '<', '>', '&', '&#', ';', ' ', '\n',
     'mot', '\x00', '<svg>', '<![CDATA[', '<?']
)).map(''.join)))  # fmt: skip
def test_any_html_gives_clean_text_R24(source: str) -> None:
    found = text.from_html(source, lambda href, label: True)
    assert found == text.clean(found) == found.strip()
    assert '\n\n\n' not in found


@given(any_text)
def test_text_that_was_escaped_comes_back(source: str) -> None:
    words = ' '.join(text.clean(source).split())
    escaped = words.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')
    assert ' '.join(text.from_html(f'<p>{escaped}</p>').split()) == words


@pytest.mark.parametrize(
    'source, expected',
    [
        ('@Ville @jeanne coucou', 'coucou'),
        ('@ville@social.example.org bonjour @ville', 'bonjour'),
        ('bonjour @ville merci', 'bonjour @ville merci'),
        ('@autre @ville bonjour', '@autre @ville bonjour'),
        ('@ville', ''),
        ('ville bonjour', 'ville bonjour'),
    ],
)
def test_addresses_in_plain_text_are_dropped_at_both_ends(source: str, expected: str) -> None:
    assert text.without_addresses(source, ['ville', '@ville@social.example.org', 'jeanne']) == expected


# -- graphemes


@pytest.mark.parametrize(
    'source',
    [
        '', 'abc', 'e\u0301te\u0301', FAMILY + FAMILY, WAVE * 2, FLAG * 3, '🇫🇷🇫',
        '🏴\U000e0067\U000e0062\U000e0065\U000e007f!',
        '1️⃣2️⃣', '❤️\u200d🔥', 'a\r\nb', '한국어', '각\u11a8', '\u1100\u1161\u11a8', 'क्षि', 'ไทย',
        '🧑🏿\u200d🚀', '\u200d👩',
    ],
)  # fmt: skip
def test_graphemes_are_those_of_unicode(source: str) -> None:
    # Indian conjuncts were only made one grapheme by Unicode 15.1: not counted so here
    expected = regex.findall(r'\X', source) if source != 'क्षि' else ['क्', 'षि']
    assert list(text.graphemes(source)) == expected


@given(st.lists(st.sampled_from(
    [FAMILY, WAVE, FLAG, '🇧', 'e\u0301', 'œ', ' ', '\n', '\r\n', '한', '\u1161', '\u11a8', '\u200d',
     '\ufe0f', '👩', '🏽', '❤', 'x']
)).map(''.join))  # fmt: skip
def test_graphemes_of_usual_writing_are_those_of_unicode(source: str) -> None:
    assert list(text.graphemes(source)) == regex.findall(r'\X', source)


@given(any_text)
def test_graphemes_lose_nothing(source: str) -> None:
    assert ''.join(text.graphemes(source)) == source


@pytest.mark.parametrize(
    'unit, family, word', [('characters', 7, 4), ('utf8', 25, 9), ('utf16', 11, 4), ('graphemes', 1, 3)]
)
def test_length_is_in_the_network_s_own_unit_R31(unit: str, family: int, word: int) -> None:
    assert text.length(FAMILY, unit) == family
    assert text.length('e\u0301€\ud800', unit) == word


# -- cutting


def test_text_is_cut_at_paragraphs_then_sentences_then_words_R31() -> None:
    assert text.split('Un. Deux.\n\nTrois. Quatre.', 16) == ['Un. Deux.', 'Trois. Quatre.']
    assert text.split('Bonjour à vous. Votre demande est prête.', 30) == [
        'Bonjour à vous.',
        'Votre demande est prête.',
    ]
    assert text.split('Il dit « Oui ! » Puis il part loin.', 24) == ['Il dit « Oui ! »', 'Puis il part loin.']
    assert text.split('aaaa bbbb cccc dddd', 10) == ['aaaa bbbb', 'cccc dddd']
    assert text.split('aaaaaaaaaaaa', 5) == ['aaaaa', 'aaaaa', 'aa']


def test_a_better_place_that_is_too_near_the_beginning_is_not_taken_R31() -> None:
    assert (
        text.split('Oui. ' + 'mot ' * 20, 40)[0] == 'Oui. mot mot mot mot mot mot mot mot mot'[:40].rstrip()
    )


def test_text_within_the_limit_is_left_alone_R31() -> None:
    assert text.split(' Bonjour.\n\nMerci. ', 18) == ['Bonjour.\n\nMerci.']
    assert text.split('Bonjour', 0) == ['Bonjour']
    assert text.split(' \n ', 10) == text.split('', 0) == []


def test_emoji_are_not_cut_in_two_R31() -> None:
    assert text.split(FAMILY * 3, 8) == [FAMILY] * 3
    assert text.split(FAMILY * 6, 4, 'graphemes') == [FAMILY * 4, FAMILY * 2]
    assert text.split(FLAG * 3, 9, 'utf8') == [FLAG] * 3
    assert text.split('e' + '\u0301' * 30, 10)[0] == 'e' + '\u0301' * 9


def test_limit_that_one_character_may_exceed_is_a_mistake() -> None:
    with pytest.raises(ValueError, match='limit'):
        text.split('abc', 3)


@given(any_text, st.integers(4, 60), st.sampled_from(UNITS))
@example('\ud800' * 9, 4, 'utf8')
@example('a' + '\u0301' * 50, 7, 'utf8')
def test_parts_respect_the_limit_and_lose_only_spaces_R31(source: str, limit: int, unit: str) -> None:
    parts = text.split(source, limit, unit)
    assert all(0 < text.length(part, unit) <= limit for part in parts)
    assert ''.join(''.join(parts).split()) == ''.join(source.split())
    rest = source
    for part in parts:  # spaces are only lost at the cuts: each part is there as it is
        assert part == part.strip() and part in rest
        rest = rest[rest.index(part) + len(part) :]


# -- subjects and files


@pytest.mark.parametrize(
    'source, expected',
    [
        ('Bonjour\n\nà  vous', 'Bonjour à vous'),
        ('Bonjour, le lampadaire est en panne', 'Bonjour, le…'),
        ('Bonjour, lelampadaire', 'Bonjour…'),
        ('anticonstitutionnellement', 'anticonstitut…'),
        ('', ''),
        ('1234567890' + FAMILY, '1234567890…'),
    ],
)
def test_subject_is_the_first_words_on_a_line(source: str, expected: str) -> None:
    assert text.first_words(source, 14) == expected


@given(any_text, st.integers(10, 80))
def test_subject_never_exceeds_its_limit(source: str, limit: int) -> None:
    subject = text.first_words(source, limit)
    assert len(subject) <= limit and subject == text.clean(subject) and '\n' not in subject


@pytest.mark.parametrize(
    'name, expected',
    [
        ('photo.jpeg', 'photo.jpg'),
        ('Plan de la rue n°3.png', 'Plan de la rue n_3.jpg'),
        ('../../etc/passwd', 'passwd.jpg'),
        ('C:\\Users\\jeanne\\été.JPG', 'été.jpg'),
        ('facture.jpg.exe', 'facture.jpg.jpg'),
        ('gpj\u202eexe.\x00', 'gpjexe.jpg'),
        ('.htaccess', 'htaccess.jpg'),
        ('a<b>|"c?*.png', 'a_b_c.jpg'),
        ('v1.2 du rapport', 'v1.2 du rapport.jpg'),
        ('', 'fichier.jpg'),
        ('///', 'fichier.jpg'),
    ],
)
def test_file_name_is_neutral_and_has_the_true_suffix_R24(name: str, expected: str) -> None:
    assert text.file_name(name, '.jpg') == expected


@given(any_text)
def test_any_name_of_a_file_is_safe_R24(name: str) -> None:
    safe = text.file_name(name, '.pdf')
    safe.encode()
    assert safe.endswith('.pdf') and 5 <= len(safe) <= 84 and not safe.startswith('.')
    assert not set(safe) & set('/\\\0\n"<>|:*?')
