import ArgumentParser
import BenchCore
import Plugins

/// `--metric ID` or `--metric ID=FILE`.
extension MetricChoice: ExpressibleByArgument {
  public init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard let id = parts.first, !id.isEmpty else { return nil }
    self.init(id: String(id), files: parts.count > 1 ? String(parts[1]) : nil)
  }

  /// - Throws: `ValidationError` for what could not be loaded.
  func validate() throws {
    if let command {
      guard !command.isEmpty else {
        throw ValidationError("--metric program: expected program=CMD, the command of a program")
      }
      return
    }
    do { _ = try resolved(PagsBench.plugins) } catch let error as ReferenceChoiceError {
      throw ValidationError("--\(error)")
    } catch { throw ValidationError("\(error)") }
  }
}
