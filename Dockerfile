# One small image that serves the board: the migrations and the web pages are inside the binary.
#
#   docker build -t dispatch .
#   docker run -p 3000:3000 -e DATABASE_URL=postgres://... -e GITHUB_TOKEN=... dispatch

FROM node:22-bookworm-slim AS web
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-fund --no-audit
COPY schema.graphql /src/
COPY web ./
RUN npm run build

FROM rust:1.95-slim-bookworm AS server
WORKDIR /src
COPY . .
COPY --from=web /src/web/dist web/dist
RUN cargo build --release --locked --bin dispatch && cp target/release/dispatch /usr/local/bin/

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 1001 --create-home --shell /usr/sbin/nologin dispatch
COPY --from=server /usr/local/bin/dispatch /usr/local/bin/dispatch
USER 1001
ENV HOST=0.0.0.0 PORT=3000
EXPOSE 3000
ENTRYPOINT ["dispatch"]
CMD ["serve"]
