import Foundation
import Graph
import Tensor
import Testing

/// Golden values that `Tests/Fixtures/graph/generate.py` made with float64 PyTorch.
enum Fixtures {
  struct PackedTensor: Decodable {
    let shape: [Int]
    let scalars: [Double]

    var tensor: Tensor { Tensor(shape: Shape(shape), scalars: scalars.map { Float($0) }) }
  }

  struct OperatorCase: Decodable, Sendable, CustomTestStringConvertible {
    let `operator`: String
    let attributes: [String: [Double]]
    let inputs: [PackedTensor]
    let cotangent: [Double]
    let directions: [[Double]]
    let output: PackedTensor
    let gradients: [[Double]]
    let second: [[Double]]

    var testDescription: String {
      let shapes = inputs.map { "\($0.shape)" }.joined(separator: " ")
      return "\(`operator`) \(shapes) \(attributes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" })"
    }
  }

  struct NetworkCase: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let training: Bool
    let image: PackedTensor
    let cotangent: PackedTensor
    let mean: PackedTensor
    let variance: PackedTensor
    let parameters: [String: PackedTensor]
    let logits: [Double]
    let gradient: [Double]
    let loss: Double
    let regularised: [String: [Double]]

    var testDescription: String { name }
  }

  static let operators: [OperatorCase] = load("operators")
  static let networks: [NetworkCase] = load("networks")

  private static func load<Case: Decodable>(_ name: String) -> [Case] {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/graph/\(name).json")
    do {
      return try JSONDecoder().decode(File<Case>.self, from: Data(contentsOf: file)).cases
    } catch {
      fatalError("\(file.path): \(error); run Tests/Fixtures/graph/generate.py")
    }
  }

  private struct File<Case: Decodable>: Decodable {
    let cases: [Case]

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Key.self)
      cases = try container.decode([Case].self, forKey: container.contains(.operators) ? .operators : .networks)
    }

    enum Key: CodingKey { case operators, networks }
  }
}
