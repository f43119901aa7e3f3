# An image with the static binary, the certificates of public authorities and the time zones, and nothing else: no shell, no
# package manager, no libc.
#
#   docker build --build-arg VERSION=$(git describe --tags --always) -t lockstep .
#   docker run --rm lockstep demo --once --json
#   docker run -p 127.0.0.1:8080:8080 -v ./lockstep.yaml:/etc/lockstep/lockstep.yaml:ro -v lockstep:/var/lib/lockstep lockstep
#
# In a container `listen` is 0.0.0.0:8080, as in deploy/compose/etc/lockstep.yaml, or the published port leads nowhere.
#
# GO_IMAGE is any image with Go, certificates and a shell; where no registry can be reached, one made locally will do.
ARG GO_IMAGE=golang:1.26-bookworm

FROM ${GO_IMAGE} AS build
WORKDIR /src

# Modules in a layer of their own, which a change of the code leaves as it is.
COPY go.mod go.sum ./
RUN go mod download

COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=${VERSION}" -o /out/lockstep ./cmd/lockstep

# The rest of the image's files: zones as Go ships them, so that they are as new as the compiler, and an empty folder for the
# database that the unprivileged user may write to.
RUN mkdir -p /out/etc/ssl/certs /out/usr/share /out/var/lib/lockstep /out/tmp \
    && cp /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/ \
    && cp "$(go env GOROOT)/lib/time/zoneinfo.zip" /out/usr/share/zoneinfo.zip \
    && chmod 1777 /out/tmp && chown -R 65532:65532 /out/var/lib/lockstep

FROM scratch
LABEL org.opencontainers.image.title="Lockstep" \
      org.opencontainers.image.description="Keeps the partners of a partnership in step while each keeps its own tools" \
      org.opencontainers.image.source="https://github.com/lockstep-sync/lockstep" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /out/ /
COPY --from=build /src/LICENSE /usr/share/doc/lockstep/LICENSE
ENV ZONEINFO=/usr/share/zoneinfo.zip \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt

# By number, so that a cluster can see that it is not root.
USER 65532:65532

# `store: sqlite:/var/lib/lockstep/lockstep.db` in the configuration keeps the database here.
VOLUME ["/var/lib/lockstep"]
WORKDIR /var/lib/lockstep
EXPOSE 8080

# There is no HEALTHCHECK: without a shell the image has nothing to run one with, and whoever runs it can ask better:
# GET /healthz says that the process is alive, GET /readyz that the store is reachable and the first cycle is done.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/lockstep"]
CMD ["run", "--config", "/etc/lockstep/lockstep.yaml"]
