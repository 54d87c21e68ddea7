#include "gateway/config/origin.h"

#include <gtest/gtest.h>

namespace penstock::config {
namespace {

TEST(Origin, WhatAnOriginLooksLike) {
  for (const char* good :
       {"https://a.example", "http://localhost:3000", "http://[::1]:8080", "https://xn--e1afmkfd.test"}) {
    EXPECT_TRUE(IsOrigin(good)) << good;
  }
  for (const char* bad : {"*", "null", "", "a.example", "https://", "https://a.example/", "https://A.example",
                          "https://a.example:443", "http://a.example:80", "ftp://a.example", "https://a b"}) {
    EXPECT_FALSE(IsOrigin(bad)) << bad;
  }
}

}  // namespace
}  // namespace penstock::config
