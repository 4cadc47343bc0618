# CUDA image, as HERM has one. Build: docker build -t chemherm . ; run: docker run --gpus all chemherm run-rm --device cuda
FROM node:22-bookworm-slim AS node

FROM nvidia/cuda:13.0.1-cudnn-runtime-ubuntu24.04
COPY --from=node /usr/local /usr/local
WORKDIR /opt/chemherm
COPY . .
# The CUDA 13 libraries are in the base image; only ONNX Runtime's own provider libraries are fetched (with their SHA-256).
RUN npm ci --no-audit --no-fund && npm run setup:cuda -- --skip-nvidia && npm cache clean --force
# chemherm, and the short names: run-rm, run-dpo …
RUN for bin in dist/scripts/*.js; do ln -s "$PWD/$bin" "/usr/local/bin/$(basename "$bin" .js)"; done
WORKDIR /work
CMD ["chemherm", "--help"]
