# Holds a network with routes of its own, for a workstation behind a VPN: the agent's container lives in it.
FROM node:24-bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends iproute2 \
    && rm -rf /var/lib/apt/lists/*
COPY scenarios/runner/compose/image/hold-network /usr/local/bin/hold-network
ENTRYPOINT ["hold-network"]
HEALTHCHECK --interval=4s --timeout=5s --start-period=20s --retries=5 CMD ["test", "-e", "/dev/shm/routes-are-set"]
