//! npm lock files must not contain download addresses. The content is pinned by hash, and such an address
//! often belongs to a company's private registry.

use super::{Files, Finding};

pub(super) fn check(files: &Files) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, text) in files.ending("package-lock.json") {
        for (index, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("\"resolved\": \"http") {
                findings.push(Finding {
                    file: file.to_owned(),
                    line: Some(index + 1),
                    message: "download address in a lock file (set `omit-lockfile-registry-resolved=true` in .npmrc and write it again)".to_owned(),
                });
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found() {
        let text =
            "{\n  \"resolved\": \"https://registry.example.org/a.tgz\",\n  \"integrity\": \"sha512-x\"\n}";
        let findings = check(&Files::of(&[("node/package-lock.json", text)]));
        assert_eq!(findings.iter().map(|finding| finding.line).collect::<Vec<_>>(), [Some(2)]);
    }
}
