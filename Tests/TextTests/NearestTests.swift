import Testing
import Text

@Suite struct NearestTests {
  private static let names = ["resnet18", "resnet20", "ReLU", "MaxPool2d", "kind", "name", "cifar10"]

  @Test(arguments: [
    ("resnet-18", "resnet18"), ("resnet19", "resnet18"), ("Relu", "ReLU"), ("MaxPool", "MaxPool2d"),
    // A swap of neighbours is one step: two of four letters would be too many.
    ("knid", "kind"), ("cifar", "cifar10"),
  ])
  func near(_ name: String, _ expected: String) {
    #expect(Nearest.match(name, in: Self.names) == expected)
  }

  @Test(arguments: ["", "transformer", "lenet", String(repeating: "name", count: 1000)])
  func far(_ name: String) {
    #expect(Nearest.match(name, in: Self.names) == nil)
  }

  @Test func ofSeveralTheFirst() {
    #expect(Nearest.match("v9", in: ["v1", "v2"]) == "v1")
    #expect(Nearest.match("v2", in: ["v1", "v2"]) == "v2")
  }
}
