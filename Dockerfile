# chemherm's image; docs/containers.md says how it is built, run and tested.
#   docker build --target cpu  -t chemherm:0.1.0-cpu  .
#   docker build --target cuda -t chemherm:0.1.0-cuda .
# The base image is an argument (Debian or Ubuntu with Node; glibc, not musl). Pin it by digest, as `docker buildx imagetools inspect` shows it:
#   --build-arg BASE=docker.io/library/node:24.21.0-bookworm-slim@sha256:…
ARG BASE=docker.io/library/node:24.21.0-bookworm-slim
# What the image runs on: any image of glibc ≥ 2.31 with libstdc++; it needs no Node of its own.
ARG RUNTIME_BASE=${BASE}

FROM ${BASE} AS build
WORKDIR /opt/chemherm
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY analysis analysis
COPY src src
RUN node scripts/build.mjs

FROM ${BASE} AS dependencies
WORKDIR /opt/chemherm
COPY package.json package-lock.json ./
# No package's own script runs: ONNX Runtime's would fetch CUDA 12 libraries. Its binaries for other systems are left out.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && npm cache clean --force \
  && for system in darwin win32; do rm -rf "node_modules/onnxruntime-node/bin/napi-v6/$system"; done

# hadolint ignore=DL3006
FROM ${RUNTIME_BASE} AS runtime
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=unknown
ARG BASE
LABEL org.opencontainers.image.title="chemherm" \
      org.opencontainers.image.description="Does this reward model agree with chemistry? Reward models and DPO policies beside verifiable rewards" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.base.name="${BASE}"

COPY --from=build /usr/local/bin/node /usr/local/bin/node
WORKDIR /opt/chemherm
COPY --from=dependencies /opt/chemherm/node_modules node_modules
COPY package.json LICENSE NOTICE CHANGELOG.md ./
COPY configs configs
# What the program reads at run time stands under src/; the bins under dist/ import no TypeScript.
COPY src src
COPY --from=build /opt/chemherm/dist dist
COPY scripts/healthcheck.mjs scripts/healthcheck.mjs

# A fixed user with a number (Kubernetes' runAsNonRoot asks for one) in group 0. Both volumes may be written by whatever user the container is
# started as (--user, OpenShift's random one); everything else is only read.
RUN node -e 'for (const [name, file] of Object.entries(require("./package.json").bin)) fs.symlinkSync("/opt/chemherm/" + file, "/usr/local/bin/" + name)' \
  && echo 'chemherm:x:10001:0:chemherm:/cache:/usr/sbin/nologin' >> /etc/passwd \
  && mkdir -p /cache /work \
  && chmod 1777 /cache /work
ENV NODE_ENV=production \
    HOME=/cache \
    XDG_CACHE_HOME=/cache \
    HF_HOME=/cache/huggingface
# Models and whatever else is kept between runs; data and results.
VOLUME ["/cache", "/work"]
WORKDIR /work
USER 10001:0
# Asks a serve-rewards that this container runs; any other command is well as long as it runs.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["node", "/opt/chemherm/scripts/healthcheck.mjs"]
ENTRYPOINT ["chemherm"]
CMD ["--help"]

# ONNX Runtime's CUDA provider and NVIDIA's libraries, each in a pinned version and checked by SHA-256; the driver comes with the host.
FROM runtime AS cuda
ARG PIP_INDEX_URL=https://pypi.org/simple
ENV CHEMHERM_CUDA_DIR=/opt/chemherm-cuda \
    LD_LIBRARY_PATH=/opt/chemherm-cuda/lib \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
# hadolint ignore=DL3002
USER 0:0
RUN chemherm setup-cuda --skip-check --index-url "$PIP_INDEX_URL"
USER 10001:0

FROM runtime AS cpu
