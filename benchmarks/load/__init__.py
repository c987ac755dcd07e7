"""What puts the servers under load: wrk where it is installed, else a client of our own."""
