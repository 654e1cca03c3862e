# Settings of the brick on this host.
SECRET_KEY = 'only-for-tests'
