"""An HTTP/1.1 server without sockets: requests checked strictly, answers, streams. It knows nothing of boards."""
