import Foundation
import Tensor
import Testing

@testable import BenchCore

@Suite struct PrincipalAngleTests {
  private func matrix(_ rows: [[Double]]) -> Matrix {
    Matrix(rows: rows.count, columns: rows.first?.count ?? 0, scalars: rows.flatMap { $0 })
  }

  private func expectAngles(
    _ first: [[Double]], _ second: [[Double]], _ expected: [Double], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    for (a, b) in [(first, second), (second, first)] {
      let angles = try principalAngles(matrix(a), matrix(b))
      #expect(angles.count == expected.count, sourceLocation: sourceLocation)
      for (got, want) in zip(angles, expected) { #expect(abs(got - want) < 1e-6, sourceLocation: sourceLocation) }
    }
  }

  @Test func linesInThePlane() throws {
    for degrees in [0, 1e-4, 1, 30, 44.9, 45, 45.1, 60, 89, 90] {
      let angle = degrees * .pi / 180
      try expectAngles([[1, 0]], [[cos(angle), sin(angle)]], [degrees])
      // The sign of a direction plays no part.
      try expectAngles([[1, 0]], [[-cos(angle), -sin(angle)]], [degrees])
    }
  }

  @Test func planesInFourDimensions() throws {
    let (a, b) = (20 * Double.pi / 180, 70 * Double.pi / 180)
    try expectAngles(
      [[1, 0, 0, 0], [0, 1, 0, 0]], [[0, cos(b), 0, sin(b)], [cos(a), 0, sin(a), 0]], [20, 70])
    // Another basis of the second plane.
    let r = 0.5.squareRoot()
    try expectAngles(
      [[1, 0, 0, 0], [0, 1, 0, 0]],
      [[r * cos(a), r * cos(b), r * sin(a), r * sin(b)], [r * cos(a), -r * cos(b), r * sin(a), -r * sin(b)]], [20, 70])
  }

  @Test func subspacesOfOtherDimensions() throws {
    // A line in a plane, a line across it, a plane that shares one direction.
    try expectAngles([[1, 0, 0], [0, 1, 0]], [[0, 1, 0]], [0])
    try expectAngles([[1, 0, 0], [0, 1, 0]], [[0, 0, 1]], [90])
    let r = 0.5.squareRoot()
    try expectAngles([[1, 0, 0], [0, 1, 0]], [[0, r, r], [1, 0, 0]], [0, 45])
    #expect(try principalAngles(matrix([[1, 0, 0]]), Matrix(rows: 0, columns: 3)) == [])
  }
}
