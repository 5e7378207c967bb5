Feature: Case 8 — one fact is missing (urban, June 2026)
  The English twin of case_08.feature.

  Background:
    Given the household "case_08"

  Scenario: what waits for the bank, and what it would be worth
    When it is decided on "2026-06-15"
    Then the income per head is "450" yuan a month
    And "Minimum living guarantee" for "household" is "undetermined"
    And the only thing missing is the fact "financial assets"
    And the condition "financial assets are within the limit" is open under "MF57 art 14"
    And it is settled by "assets-within-limit"
    And if it is granted, the amount is "1048" yuan a month
    And of it "Gap to the standard" is "764" yuan under "MF57 art 23"
    And of it "Top-up for members in special difficulty" is "284" yuan under "MF57 art 27"
    And "Household near the line" for "household" is "undetermined"
    And "Living subsidy for disabled persons in difficulty" for "p2" is "undetermined"
    And the first question is "financial assets"

  Scenario: what can be decided now
    When it is decided on "2026-06-15"
    Then "Allowance for the very old" for "p1" is "eligible"
    And the amount is "25" to "100" yuan a month
    And "Care subsidy for severely disabled persons" for "p2" is "eligible"
    And the amount is "100" yuan a month

  Scenario: refusing to sign ends the procedure, which is neither open nor a no
    Given the "consent_refused" of "household" is changed to "yes"
    When it is decided on "2026-06-15"
    Then "Minimum living guarantee" for "household" is "closed"
    And the condition "refused-checks" holds under "MF57 art 29"
    And nothing is missing
    And there is no amount

  Scenario: a consent nobody has recorded stays open
    Given the "consent_refused" of "household" is not known
    And the "financial assets" of "household" is changed to "1000"
    When it is decided on "2026-06-15"
    Then "Minimum living guarantee" for "household" is "undetermined"
    And the only thing missing is the fact "consent_refused"
