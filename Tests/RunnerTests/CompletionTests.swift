import Foundation
import Testing

/// What a shell offers behind the Tab key.
@Suite struct CompletionTests {
  /// The candidates for the last word, as bash finds them.
  private func candidates(_ words: [String], in binary: RealBinary) throws -> Set<String> {
    let script = try binary.run("--generate-completion-script", "bash")
    let file = try binary.write(Data(script.output.utf8), "completions.bash")
    let line = (["pags-bench"] + words).map { "'\($0)'" }.joined(separator: " ")
    let program = """
      source '\(file)'
      PATH='\(RealBinary.program.deletingLastPathComponent().path)':$PATH
      COMP_WORDS=(\(line)); COMP_CWORD=\(words.count)
      COMP_LINE="${COMP_WORDS[*]}"; COMP_POINT=${#COMP_LINE}
      _pags-bench pags-bench "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}" 2>/dev/null
      printf '%s\\n' "${COMPREPLY[@]}"
      """
    let bash = try RunningProgram(
      program: URL(fileURLWithPath: "/bin/bash"), arguments: ["-c", program], folder: binary.folder)
    return Set(try bash.wait().output.split(separator: "\n").map(String.init))
  }

  @Test func commandsOptionsNamesAndFiles() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    _ = try binary.write(Data("weights".utf8), "model.pth")
    #expect(try candidates(["eval"], in: binary) == ["evaluate"])
    #expect(try candidates(["leaderboard", "ta"], in: binary) == ["table"])
    #expect(try candidates(["evaluate", "mod"], in: binary) == ["model.pth"])
    #expect(try candidates(["evaluate", "--conf"], in: binary) == ["--config"])
    #expect(try candidates(["evaluate", "--standard", "mod"], in: binary) == ["model.pth"])
    #expect(try candidates(["evaluate", "--task", "glyph"], in: binary) == ["glyphs"])
    #expect(try candidates(["evaluate", "--attacks", "pgd-"], in: binary).contains("pgd-l2"))
    #expect(try candidates(["train", "--objective", "grad"], in: binary) == ["gradient-norm"])
    #expect(try candidates(["leaderboard", "table", "--format", ""], in: binary).contains("latex"))
  }
}
