# The command line in an image without a shell, for a scheduler such as Kubernetes. See docs/container.md.
# It holds the very files of the package: build them first with `npm ci`, which runs `npm run build`. As nothing is run while
# the image is built, it can be built for any architecture that the base has.
FROM gcr.io/distroless/nodejs24-debian13:nonroot@sha256:bb6b03d81066993293a10feda7250e8e1cc034035fe9b61cfceededa7c8bf04d

LABEL org.opencontainers.image.title="eks-node-upgrade" \
      org.opencontainers.image.description="Upgrades the worker nodes of an Amazon EKS cluster blue/green, and reverts if anything fails" \
      org.opencontainers.image.source="https://github.com/OWNER/eks-node-upgrade" \
      org.opencontainers.image.documentation="https://github.com/OWNER/eks-node-upgrade/blob/main/docs/container.md" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="gcr.io/distroless/nodejs24-debian13:nonroot"

# Root owns the files and the process is not root, so that it cannot change its own code, read-only file system or not.
# Without an ending the program has the name that its messages give it.
COPY build/package/eks-node-upgrade.js /app/eks-node-upgrade
COPY build/package/parts /app/parts
COPY build/package/THIRD-PARTY-LICENSES.txt LICENSE package.json /app/

# A number, because Kubernetes cannot tell of a name that it is not root (runAsNonRoot).
USER 65532:65532
WORKDIR /app
ENTRYPOINT ["/nodejs/bin/node", "/app/eks-node-upgrade"]
CMD ["--help"]
