# What publik_socialmedia does on all tenants of the brick. Any minute will do: change them at will.
#
# Each line is silent when the brick or the package is not there, never runs twice at the same time, and ends by
# itself. What a line must tell a person comes by mail. /usr/lib/publik-socialmedia/cron says more.
#
# The brick's command is $BRICK-manage; its user, the sixth word of the lines.

BRICK=combo
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# carry the messages; does nothing while publik-socialmedia-worker.service runs
* * * * *	combo	test ! -x /usr/lib/publik-socialmedia/cron || /usr/lib/publik-socialmedia/cron worker
# warn by e-mail of what is new
*/5 * * * *	combo	test ! -x /usr/lib/publik-socialmedia/cron || /usr/lib/publik-socialmedia/cron alert
# ask the networks and w.c.s., and remind by e-mail of what is still wrong
38 7 * * *	combo	test ! -x /usr/lib/publik-socialmedia/cron || /usr/lib/publik-socialmedia/cron digest
# erase what was kept long enough
23 3 * * *	combo	test ! -x /usr/lib/publik-socialmedia/cron || /usr/lib/publik-socialmedia/cron purge
