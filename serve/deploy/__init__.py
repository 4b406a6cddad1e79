"""What one deploys: a Dockerfile, and an example client (``python -m guardrank.serve.deploy.client``)."""
