// swift-tools-version: 6.2
import PackageDescription

// Somebody else's package, which knows no more of this one than its products. `scripts/test` builds it into the folder of the project's
// own build, of which it uses everything, and runs it.
let package = Package(
  name: "third-party",
  // Named, because a checkout may lie in a folder of any name.
  dependencies: [.package(name: "pags-bench", path: "../..")],
  targets: [
    .executableTarget(
      name: "Study",
      dependencies: [
        .product(name: "BenchCore", package: "pags-bench"), .product(name: "Checkpoints", package: "pags-bench"),
        .product(name: "Conformance", package: "pags-bench"), .product(name: "Plugins", package: "pags-bench"),
        .product(name: "Tensor", package: "pags-bench"),
      ])
  ],
  swiftLanguageModes: [.v6]
)
