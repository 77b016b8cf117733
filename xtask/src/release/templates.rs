//! What others need to install a release: a Homebrew formula and a Dockerfile.

use semver::Version;

/// Builds from the source, so that it serves every system that Homebrew knows.
pub(super) fn formula(version: &Version, url: &str, sum: &str) -> String {
    format!(
        r##"class Optimize < Formula
  desc "Command line for Camunda Optimize's public REST API"
  homepage "{url}"
  url "{url}/optimize-{version}-source.tar.gz"
  sha256 "{sum}"
  license any_of: ["MIT", "Apache-2.0"]

  depends_on "rust" => :build

  def install
    system "cargo", "install", *std_cargo_args(path: "optimize-cli")
    generate_completions_from_executable(bin/"optimize", "completion", shells: [:bash, :zsh, :fish])
    man1.mkpath
    system bin/"optimize", "man", "--dir", man1
  end

  test do
    assert_match "receiveOrder", shell_output("#{{bin}}/optimize --sandbox report data orders-by-step")
  end
end
"##
    )
}

/// Takes the archive that lies beside it. Nothing in the image but the program and the authorities it trusts.
pub(super) fn dockerfile(version: &Version, target: &str) -> String {
    format!(
        "FROM debian:bookworm-slim\n\
         RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*\n\
         ADD optimize-{version}-{target}.tar.gz /opt/\n\
         RUN ln -s /opt/optimize-{version}-{target}/optimize /usr/local/bin/optimize\n\
         USER nobody\n\
         ENV HOME=/tmp\n\
         ENTRYPOINT [\"optimize\"]\n"
    )
}
