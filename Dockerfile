# `docker build -t recbole-opal .`, then, with --user="$(id -u):$(id -g)" where the folder is yours:
#   docker run --rm -v "$PWD:/data" recbole-opal --dataset=ml-100k
#   docker run --rm -v "$PWD:/data" -p 8000:8000 recbole-opal serve bundle --host=0.0.0.0
# torch comes in its CUDA build, several gigabytes; for processors alone give
# --build-arg PIP_EXTRA_INDEX_URL=, the address of PyTorch's index of CPU builds.
FROM python:3.11-slim

RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/*

# The libraries change less often than the package: a layer of their own.
WORKDIR /usr/src/recbole-opal
COPY constraints.txt ./
ARG PIP_EXTRA_INDEX_URL
RUN pip install --no-cache-dir -c constraints.txt torch
COPY pyproject.toml README.md LICENSE ./
COPY dataset/synthetic-small dataset/synthetic-small
COPY properties properties
COPY recbole_opal recbole_opal
RUN pip install --no-cache-dir -c constraints.txt ".[export,parquet,rerank,serve,tune]" \
    && recbole-opal doctor

# Runs are written to the folder that is mounted, by a user without rights.
RUN useradd --create-home opal
USER opal
WORKDIR /data
ENTRYPOINT ["recbole-opal"]
CMD ["--help"]
