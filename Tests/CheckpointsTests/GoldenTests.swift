import Foundation
import Testing

@testable import Checkpoints

/// What PyTorch reads from the fixtures and from real checkpoints, as `generate.py` wrote it down.
@Suite struct GoldenTests {
  @Test func everyFixtureReadsAsPyTorchReadsIt() throws {
    let rows = try Fixtures.rows("expected.tsv")
    for (file, rows) in Dictionary(grouping: rows, by: { $0[0] }).sorted(by: { $0.key < $1.key }) {
      let state = try CheckpointReader.stateDict(of: Fixtures.open(file))
      #expect(state.names.sorted() == rows.map { $0[1] }.sorted(), "\(file)")
      for row in rows {
        let tensor = try state.tensor(row[1])
        #expect(tensor.dtype.rawValue == row[2], "\(file) \(row[1])")
        #expect(tensor.shape == Fixtures.sizes(row[3]), "\(file) \(row[1])")
        let expected = row[4].split(separator: ",").compactMap { Self.number(String($0)) }
        #expect(try tensor.doubles() == expected, "\(file) \(row[1])")
        #expect(try tensor.floats() == expected.map { Float($0) }, "\(file) \(row[1])")
        if !tensor.dtype.isFloatingPoint {
          #expect(try tensor.integers() == expected.map { Int64($0) }, "\(file) \(row[1])")
        }
      }
    }
  }

  /// Python's `float.hex` and infinities.
  private static func number(_ text: String) -> Double? { Double(text) }

  @Test func orderIsThatOfTheFile() throws {
    for file in ["zip-protocol2.pt", "legacy-protocol2.pt"] {
      let state = try CheckpointReader.stateDict(of: Fixtures.open(file))
      #expect(state.names == ["conv.weight", "bn.running_mean", "bn.num_batches_tracked"])
    }
  }

  @Test(.enabled(if: Fixtures.shared != nil, "../shared is not here"))
  func realCheckpointsReadAsPyTorchReadsThem() throws {
    let shared = try #require(Fixtures.shared)
    let rows = try Fixtures.rows("real.tsv")
    for (file, rows) in Dictionary(grouping: rows, by: { $0[0] }).sorted(by: { $0.key < $1.key }) {
      let path = shared.appendingPathComponent("models/\(file)").path
      let state = try CheckpointReader.stateDict(of: CheckpointFile.open(path))
      #expect(state.names == rows.map { $0[1] }, "\(file)")
      for row in rows {
        let tensor = try state.tensor(row[1])
        #expect(tensor.shape == Fixtures.sizes(row[2]), "\(file) \(row[1])")
        let values = try tensor.doubles()
        let numbers = row[3...].compactMap { Double($0) }
        let absolute = values.reduce(0) { $0 + abs($1) }
        #expect(abs(values.reduce(0, +) - numbers[0]) <= 1e-9 * numbers[1], "\(file) \(row[1])")
        #expect(abs(absolute - numbers[1]) <= 1e-9 * numbers[1], "\(file) \(row[1])")
        #expect(values.first == numbers[2] && values.last == numbers[3], "\(file) \(row[1])")
      }
    }
  }

  @Test(.enabled(if: Fixtures.shared != nil, "../shared is not here"))
  func everyOtherRealFileIsReadOrRefusedWithAReason() throws {
    let shared = try #require(Fixtures.shared)
    for folder in ["models", "study/regimes/models", "goldens"] {
      let directory = shared.appendingPathComponent(folder)
      for name in try FileManager.default.contentsOfDirectory(atPath: directory.path) where !name.hasSuffix(".md") {
        var isFolder: ObjCBool = false
        let path = directory.appendingPathComponent(name).path
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        guard exists, !isFolder.boolValue else { continue }
        let file = try CheckpointFile.open(path)
        if name.hasSuffix(".onnx") {
          #expect(FileProbe(file).format == .onnx)
          #expect(throws: CheckpointError.self) { try CheckpointReader.stateDict(of: file) }
        } else {
          #expect(try !CheckpointReader.stateDict(of: file).tensors.isEmpty, "\(folder)/\(name)")
        }
      }
    }
  }
}
