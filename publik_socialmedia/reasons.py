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

"""What each machine word of our errors means to a person, and what they can do about it.

The words are those of ``errors`` and of ``networks.base``. A word that is not here is shown as an unknown
error with the word itself: never nothing.
"""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

# a message or a file that did not come whole: shown between brackets in its place, see ``lost``
CONTENTS = {
    'empty': _('empty message'),
    'unsupported': _('content of a type that cannot be shown here'),
    'ephemeral': _('ephemeral content, visible in the network’s own application only'),
    'not_transmitted': _('content that the network did not give us'),
    'no_url': _('content without address'),
    'not_cached': _('content not yet available'),
    'media_error': _('media unavailable'),
    'media_gone': _('media unavailable: the network no longer has it'),
    'media_expired': _('media unavailable: it was kept as long as it may be, and nobody took it'),
    'media_too_big': _('media unavailable: too big'),
    'too_many_media': _('media not fetched: too many in one message'),
    'infected': _('file refused by the antivirus'),
    'forbidden_url': _('file refused: its address is not one of the network’s'),
    'provider_error': _('the network could not give the content'),
    'on_phone_only': _('content visible on the telephone only'),
    'in_app': _('encrypted message, to be read in the network’s own application'),
    'wcs_too_large': _('w.c.s., or the server in front of it, refuses files that are too big'),
}

SENTENCES = {
    **CONTENTS,  # « empty » and « forbidden_url » mean something else of an answer and of a server, below
    # w.c.s. refuses: somebody must act (R23)
    'wcs_secret': _(
        'w.c.s. refuses our signature: the secret shared with this w.c.s. site is wrong or unknown there. '
        'Check that both services are declared in Hobo and deploy again.'
    ),
    'wcs_clock': _(
        'w.c.s. refuses our signature because the clocks differ by more than 30 seconds: check the time '
        '(NTP) of this server and of the one of w.c.s.'
    ),
    'wcs_form_disabled': _(
        'The form chosen for this account is disabled in w.c.s.: enable it or choose another one.'
    ),
    'wcs_form_unknown': _('The form chosen for this account does not exist in w.c.s.: choose another one.'),
    'wcs_form_missing': _('No form is chosen for this account: choose the one that receives its messages.'),
    'wcs_form_key': _(
        'The form has no text field with the identifier « cle »: add one, without it a demand cannot be '
        'found again after a breakdown and could be created twice.'
    ),
    'wcs_site_unknown': _('The w.c.s. site chosen for this account is not known here: choose another one.'),
    'wcs_right': _('w.c.s. says that we lack a right on this form: check the roles allowed to submit it.'),
    'wcs_hook_unknown': _(
        'The workflow of the form lacks the global action that receives messages: import the workflow that '
        'comes with this software, or add its webservice triggers.'
    ),
    'wcs_refused': _('w.c.s. refuses our calls without saying why: look at its logged errors.'),
    'wcs_url': _(
        'What answers at the address of this w.c.s. site is not w.c.s. (redirection, unknown host): check '
        'the address.'
    ),
    'wcs_function_unset': _(
        'No role was given to a function of the form in w.c.s.: no agent sees the demands. Choose one.'
    ),
    'wcs_hook_open': _(
        'A global action of the workflow can be called by anyone without signature: in w.c.s., give its '
        'webservice trigger the role « Signed API calls ».'
    ),
    'wcs_workflow_unlinked': _(
        'The form has no workflow that we can speak to: in w.c.s., link it to the workflow that comes with '
        'this software, or install it again.'
    ),
    'wcs_role_outside': _(
        'The role that receives the demands does not open the back office of w.c.s.: give it that access, or '
        'choose another role.'
    ),
    'wcs_workflow_differs': _(
        'The workflow in w.c.s. is not the one of this version: it came with an older one, or was changed '
        'there. Install it again, unless the change is wanted: it would be lost.'
    ),
    'wcs_status_renamed': _(
        'A status of the workflow was renamed in w.c.s.; its conditions name it, and some messages would not '
        'be shown: give it its name back, or install the workflow again.'
    ),
    'wcs_wscall_secret': _(
        'w.c.s. calls us but does not sign as it should: the secret of its calls to this site is wrong or '
        'missing there. Check that both services are declared in Hobo and deploy again.'
    ),
    'wcs_cannot_call': _(
        'w.c.s. could not call us: the answers of agents would not leave. Check that its server reaches the '
        'address of this site.'
    ),
    'reply_unreachable': _(
        'Our own address for the answers of agents does not answer: check the address of this site.'
    ),
    'reply_refused': _('Our own address for the answers of agents refuses a call signed as w.c.s. would.'),
    'wcs_demand_gone': _('The demand was deleted or anonymised in w.c.s.'),
    # w.c.s. will take it later
    'wcs_away': _('w.c.s. does not answer; we keep trying.'),
    'wcs_busy': _('w.c.s. is working on this demand; we try again shortly.'),
    'wcs_crashed': _('w.c.s. met an internal error; we look at what it kept, then try again.'),
    # the network refuses: somebody must act
    'auth': _('The access token is no longer valid: connect the account again.'),
    'auth_refresh': _('The session with the network is over; we open another one.'),
    'permission': _('A permission is missing: grant it to the application, then test the account.'),
    'credits': _(
        'The credits of the application on this network are used up, or its spending limit is reached: buy '
        'some, or raise the limit. Messages wait meanwhile.'
    ),
    'clock': _('The network refuses our signature because the clock of this server is wrong: set it (NTP).'),
    'reads_budget': _(
        'The monthly budget of paid reads of this account is used up: raise it, or wait until the month ends.'
    ),
    'policy': _('The network restricts this account: see its own page for the reason.'),
    'billing': _('The network wants a payment method before it delivers: add one to the account there.'),
    'config': _('The configuration of the account is incomplete or wrong.'),
    # connecting by a redirection: whoever connects the account reads it
    'oauth_refused': _(
        'The network says that the access was refused: nothing was changed. Begin again, and accept.'
    ),
    'oauth_client_missing': _('The network does not know yet who asks: fill in first:'),
    'oauth_client': _(
        'The network does not know our application, or refuses its secret: copy its identifier and its '
        'secret again.'
    ),
    'oauth_redirect': _(
        'The network does not take our address of return: declare it there, exactly as it is written here.'
    ),
    'oauth_code': _(
        'What the network gave on the way back is no longer valid: it serves once, for some seconds. Begin '
        'again.'
    ),
    'oauth_exchange': _(
        'The network refuses to give a token, and does not say why: the secret of the application is wrong, '
        'or the address of return is not the declared one, or the way back took too long. Check both, then '
        'begin again.'
    ),
    'oauth_scopes': _(
        'The network did not grant all that is needed: nothing was changed. Begin again and accept all that '
        'is asked, or see what the application may ask for. Missing:'
    ),
    'oauth_professional': _(
        'This is a personal account: it has no messages for applications. Make it a professional one '
        'there, then begin again.'
    ),
    'oauth_server': _(
        'This address does not answer as a server of that network, or does not let applications register '
        'themselves: check it, or paste an access token.'
    ),
    'oauth_failed': _(
        'The network sent you back without what was asked for: nothing was changed. Begin again.'
    ),
    'oauth_away': _('The network does not answer: nothing was changed. Begin again in a few minutes.'),
    'other_account': _('These credentials are those of another account.'),
    'no_authorization': _('This network cannot be connected by a redirection: paste an access token.'),
    'encryption_key': _(
        'The key that encrypted the stored secrets is no longer in the settings: put it back in '
        'PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS.'
    ),
    'subscription': _('The network no longer sends us all messages: subscribe the account again.'),
    'policy_filters_private_mentions': _(
        'The settings of the account on its network throw away private messages of strangers: change them '
        'there.'
    ),
    'token_expires': _('The access token ends soon: connect the account again before.'),
    'silence': _(
        'No message has come for long, compared with the habit of this account: test it, and look at its '
        'page on the network.'
    ),
    'poll_failing': _('The last polls of this account failed: new messages may be missing. Test it.'),
    # the queue: somebody must look
    'queue_blocked': _('It is tried no more: see why in the queue, then start it again.'),
    'queue_unread': _('They may hold messages of citizens: see why in the queue.'),
    'worker_late': _('The worker is stopped or too slow: tell the administrator of the server.'),
    'no_polling': _('This network cannot be polled: it calls us by itself.'),
    'no_history': _('This network does not let past messages be read again.'),
    'no_reread': _('This network does not let recent messages be looked at again.'),
    'forbidden_url': _('This address is not a public one, or is not one of the network’s: check it.'),
    # this server: somebody must act
    'private_storage': _(
        'Attachments cannot be kept: their folder is one that the web server shows to everyone. See the '
        'setting PUBLIK_SOCIALMEDIA_PRIVATE_STORAGE.'
    ),
    'storage_unwritable': _(
        'Attachments cannot be kept: the folder of the setting PUBLIK_SOCIALMEDIA_PRIVATE_STORAGE cannot be '
        'written. Tell the administrator of the server.'
    ),
    'storage_full': _(
        'The disk is nearly full: soon attachments will not be kept any more. Tell the administrator of the '
        'server.'
    ),
    'base_url': _(
        'The address of this site is not known, so that w.c.s. cannot be told where to call it: see the '
        'setting PUBLIK_SOCIALMEDIA_BASE_URL.'
    ),
    'antivirus': _('The antivirus does not answer; files wait. Tell the administrator of the server.'),
    'internal': _('This software has met an error, written in its log; we keep trying.'),
    'busy': _('Another process is working for this person; we try again shortly.'),
    # the answer cannot be sent: the agent is told
    'window': _(
        'The time to answer on this network is over. Ask the person to write again, or use another way '
        '(e-mail, telephone, letter).'
    ),
    'blocked': _('This person cannot, or no longer wants to, receive our messages on this network.'),
    'other_app': _(
        'A colleague is answering this person in another application of the network (its own inbox): close '
        'the conversation there, or answer there.'
    ),
    'permanent': _('The network refuses this message for good.'),
    'gone': _('The message answered was withdrawn by its author.'),
    'not_private': _(
        'The network made the private answer public: it was deleted at once. Tell the administrator.'
    ),
    'file_type': _('This network does not take files of this type: send it as a picture, or another way.'),
    'no_files': _('This network carries no files: send it another way (e-mail, a link to a page).'),
    'file_too_big': _('This file is too big for this network.'),
    'file_unreadable': _('The file did not come whole from w.c.s.: attach it again.'),
    'file_gone': _('The file of this answer is no longer here: answer again with the file.'),
    'empty': _('The answer is empty.'),
    'too_long': _('The answer is too long for this network: shorten it, or send it as a document.'),
    'paused': _(
        'The account is paused: nothing leaves until an administrator starts it again. What waits will leave '
        'then, if the time to answer is not over.'
    ),
    'opening': _('The demand has just been created: try again in one minute.'),
    'nothing_to_retry': _('No answer of this demand is waiting to be sent again.'),
    'perhaps_sent': _(
        'The network did not confirm this answer, and cannot be asked whether the person has it: it was '
        'perhaps sent. We do not send it twice by ourselves: see what the person says, or answer again.'
    ),
    'too_late': _('The answer could not be sent in time.'),
    'undelivered': _('The network accepted this message, then failed to deliver it: answer again.'),
    'no_template': _(
        'No approved template is set for this account: after the time to answer, another way must be used.'
    ),
    'template': _(
        'Meta refuses the template of this account (rejected, paused or changed): tell the administrator.'
    ),
    'template_file': _('A template carries no file: send the text alone, or use another way.'),
    'profile': _('The network does not give the name of this person.'),
    # it will be sent later
    'rate': _('The network asks us to slow down; the message waits.'),
    'temporary': _('The network has a temporary failure; we keep trying.'),
    'connection': _('No connection to the other server; we keep trying.'),
    'outcome_unknown': _('We do not know whether the last try worked: we look before trying again.'),
}


def sentence(reason: str) -> str:
    """What to show of a machine word."""
    found = SENTENCES.get(reason)
    return str(found) if found else gettext('Unknown error (%s)') % reason


def lost(reason: str) -> str:
    """What to show in place of a content that will not come.

    The last failure of its fetching may have been a passing one, whose own sentence says that we keep trying.
    """
    return str(CONTENTS[reason if reason in CONTENTS else 'media_error'])
